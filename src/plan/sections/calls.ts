import { isMapping, type Inspection } from '../inspection.ts';
import { valueAt } from '../schema/issues.ts';

/** Scenarios that a scenario calls from any of its steps, itself or through a drill; names as written, declared or not. */
export function callsOf(inspection: Inspection, scenario: string): string[] {
  return callsIn(valueAt(inspection.root, ['scenarios', scenario, 'steps'])).flatMap(({ name, drill }) => {
    const called = drill ? valueAt(inspection.root, ['drills', name, 'scenario']) : name;
    return typeof called === 'string' ? [called] : [];
  });
}

/** Those that are called through others too, each once, without the scenario itself. */
export function allCallsOf(inspection: Inspection, scenario: string): string[] {
  const found = new Set<string>();
  const waiting = callsOf(inspection, scenario);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name) || name === scenario) continue;
    found.add(name);
    waiting.push(...callsOf(inspection, name));
  }
  return [...found].sort();
}

/** The first circle among names, from one back to itself. Each is walked through once. */
export function circleAmong(
  names: readonly string[],
  nextOf: (name: string) => readonly string[],
): string[] | undefined {
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of nextOf(name)) {
      const circle = walk(next, [...way, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of names) {
    const circle = walk(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function callsIn(value: unknown): { name: string; drill: boolean }[] {
  if (Array.isArray(value)) return value.flatMap(callsIn);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    if (key !== 'call') return callsIn(part);
    if (typeof part === 'string') return [{ name: part, drill: false }];
    const { scenario, drill } = isMapping(part) ? part : {};
    return [
      ...(typeof scenario === 'string' ? [{ name: scenario, drill: false }] : []),
      ...(typeof drill === 'string' ? [{ name: drill, drill: true }] : []),
    ];
  });
}
