import type { Path } from '../document.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import { valueAt } from '../schema/issues.ts';
import { callsOf, circleAmong } from './calls.ts';
import { declaredWords, domainPlaces, innerSteps, namePlaces, stepPlaces, type Declared } from './reference-table.ts';

/** Every name that one part of the plan uses is declared by another. */
export function checkReferences(inspection: Inspection, domains: readonly string[]): void {
  // Without a tree of domains each name that is used is a domain of its own.
  if (inspection.root['domains'] !== undefined) {
    for (const [name, path] of domainUses(inspection)) inspection.reference(name, domains, 'domain', path);
  }
  const known = knownNames(inspection);
  checkNames(inspection, namePlaces, inspection.root, [], known);
  for (const [step, path] of found(inspection.root, ['scenarios', '*', 'steps', '*'])) {
    checkStep(inspection, step, path, known);
  }
  checkCircles(inspection);
  checkServicesPlaced(inspection, known('services'));
  checkDrills(inspection);
  checkAlerts(inspection);
}

/** Every name of a domain that the plan uses, and where. */
export const domainUses = (inspection: Inspection): [unknown, Path][] => [
  ...domainPlaces.flatMap((place) => found(inspection.root, place.split('.'))),
  ...found(inspection.root, ['scenarios', '*', 'steps', '*']).flatMap(([step, path]) => sitesIn(step, path)),
];

/** The sites of a step and of those inside it. */
function sitesIn(step: unknown, path: Path): [unknown, Path][] {
  const own = valueAt(step, ['site']);
  const inner = innerSteps.flatMap((place) => found(step, place.split('.')));
  return [
    ...(own === undefined ? [] : [[own, [...path, 'site']] satisfies [unknown, Path]]),
    ...inner.flatMap(([one, at]) => sitesIn(one, [...path, ...at])),
  ];
}

type Known = (section: Declared) => readonly string[];

function checkNames(
  inspection: Inspection,
  places: readonly (readonly [string, Declared])[],
  value: unknown,
  path: Path,
  known: Known,
): void {
  for (const [place, section] of places) {
    for (const [name, at] of found(value, place.split('.'))) {
      // A mapping is another way to write the same key; its own places are in the table.
      if (typeof name === 'string')
        inspection.reference(name, known(section), declaredWords[section], [...path, ...at]);
    }
  }
}

function checkStep(inspection: Inspection, step: unknown, path: Path, known: Known): void {
  checkNames(inspection, stepPlaces, step, path, known);
  const pointer = valueAt(step, ['switch', 'pointer']);
  const service = valueAt(step, ['switch', 'service']);
  if (pointer !== undefined && typeof service === 'string' && known('services').includes(service)) {
    const pointers = valueAt(inspection.root, ['services', service, 'pointers']);
    const names = isMapping(pointers) ? Object.keys(pointers) : [];
    inspection.reference(pointer, names, `pointer of ${service}`, [...path, 'switch', 'pointer']);
  }
  for (const place of innerSteps) {
    for (const [inner, at] of found(step, place.split('.'))) checkStep(inspection, inner, [...path, ...at], known);
  }
}

/** Each list of names is made once: a plan may have thousands. */
function knownNames(inspection: Inspection): Known {
  const made = new Map<Declared, readonly string[]>();
  return (section) => {
    const names = made.get(section) ?? namesOf(inspection, section);
    made.set(section, names);
    return names;
  };
}

function namesOf(inspection: Inspection, section: Declared): string[] {
  if (section === 'assets') return restorable(inspection);
  if (section === 'channels') return [...inspection.names('channels'), 'console'];
  if (section === 'environments') return [...inspection.names('environments'), 'bubble'];
  if (section === 'needed') return ['assets', 'services', 'clusters', 'stores'].flatMap((one) => inspection.names(one));
  if (section === 'things') {
    return ['assets', 'services', 'stores', 'keys', 'documents', 'clusters', 'environments'].flatMap((one) =>
      inspection.names(one),
    );
  }
  if (section === 'people') return [...namesOf(inspection, 'roles'), ...inspection.names('contacts')];
  if (section !== 'roles') return inspection.names(section);
  const roles = found(inspection.root, ['contacts', '*', 'role']).map(([role]) => role);
  return [...new Set(roles.filter((role) => typeof role === 'string'))];
}

const restorable = (inspection: Inspection): string[] =>
  inspection.names('assets').filter((name) => valueAt(inspection.root, ['assets', name, 'excluded']) === undefined);

function checkCircles(inspection: Inspection): void {
  const needsOf = (service: string): string[] => textsAt(inspection, ['services', service, 'needs']);
  const needs = circleAmong(inspection.names('services'), needsOf);
  if (needs !== undefined) {
    const hint = 'Services that start together are one service, or one of them works without the other.';
    const message = `services need each other in a circle: ${needs.join(' → ')}`;
    inspection.error('plan.circular_reference', ['services', needs[0] ?? '', 'needs'], message, hint);
  }
  const calls = circleAmong(inspection.names('scenarios'), (scenario) => callsOf(inspection, scenario));
  if (calls !== undefined) {
    const message = `scenarios call each other in a circle: ${calls.join(' → ')}`;
    const hint = 'Put what both need into a scenario of its own.';
    inspection.error('plan.circular_reference', ['scenarios', calls[0] ?? '', 'steps'], message, hint);
  }
}

function textsAt(inspection: Inspection, path: Path): string[] {
  const list = valueAt(inspection.root, path);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function checkServicesPlaced(inspection: Inspection, services: readonly string[]): void {
  for (const [mapping, path] of found(inspection.root, ['environments', '*', 'services'])) {
    if (!isMapping(mapping)) continue;
    for (const name of Object.keys(mapping)) inspection.reference(name, services, 'service', [...path, name]);
  }
}

function checkDrills(inspection: Inspection): void {
  const environments = [...inspection.names('environments'), 'bubble'];
  for (const [name, path] of found(inspection.root, ['drills', '*', 'restore'])) {
    inspection.reference(name, [...restorable(inspection), 'random'], 'asset', path);
  }
  for (const [name, path] of found(inspection.root, ['drills', '*', 'in'])) {
    inspection.reference(name, environments, 'environment', path);
    if (typeof name === 'string' && inspection.names('environments').includes(name))
      checkBubble(inspection, name, path);
  }
}

function checkBubble(inspection: Inspection, name: string, path: Path): void {
  const of = (key: string): unknown => valueAt(inspection.root, ['environments', name, key]);
  if (of('ephemeral') === true && of('protected') !== true) return;
  const message = `a drill acts in a bubble; ${name} is an environment that stays`;
  const hint = 'Name an environment with ephemeral: true, or leave `in` out: then it is a bubble.';
  inspection.error('plan.unsafe_drill', path, message, hint, 'value');
}

function checkAlerts(inspection: Inspection): void {
  const rehearsals = [...inspection.names('drills'), ...inspection.names('exercises'), 'any'];
  for (const [name, path] of found(inspection.root, ['alerts', '*', 'watch', 'drill'])) {
    inspection.reference(name, rehearsals, 'drill or exercise', path);
  }
}

/** What stands at the places that a pattern names, with the path to each. */
function found(value: unknown, pattern: readonly string[], path: Path = []): [unknown, Path][] {
  const [part, ...rest] = pattern;
  if (part === undefined) return value === undefined ? [] : [[value, path]];
  if (part !== '*') {
    const inner = isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    return inner === undefined ? [] : found(inner, rest, [...path, part]);
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => found(item, rest, [...path, index]));
  return isMapping(value) ? Object.entries(value).flatMap(([key, item]) => found(item, rest, [...path, key])) : [];
}
