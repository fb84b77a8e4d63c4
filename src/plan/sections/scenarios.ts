import { z } from 'zod';
import { contentHash } from '../canonical.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { DrillDeclaration, Scenario } from '../model.ts';
import { modelOf } from '../schema/model-of.ts';
import { drill as drillSchema, scenarioFrame } from '../schema/sections.ts';
import { allCallsOf } from './calls.ts';
import { readChecks } from './checks.ts';
import { objectivesOf } from './header.ts';
import { calendarsOf } from './protection.ts';
import { plainBubble } from './services.ts';
import { checkStepOrder } from './step-names.ts';
import { readSteps } from './steps.ts';

export function readScenarios(inspection: Inspection): Map<string, Scenario> {
  const scenarios = new Map<string, Scenario>();
  const schema = z.strictObject({
    ...scenarioFrame,
    success: z.unknown().optional(),
    invariants: z.unknown().optional(),
    steps: z.unknown(),
  });
  for (const [name, written] of inspection.entries('scenarios')) {
    const path = ['scenarios', name];
    const steps = isMapping(written) ? readSteps(inspection, written['steps'], [...path, 'steps']) : [];
    checkStepOrder(inspection, steps);
    const [success, invariants] = (['success', 'invariants'] as const).map((key) => {
      if (!isMapping(written) || written[key] === undefined) return [];
      return readChecks(inspection, written[key], [...path, key]);
    });
    const read = inspection.read(schema, written, path);
    if (read === undefined) continue;
    const { loses, severity, objectives, parameters, documents, checklists, ...rest } = read;
    const severities = severity === undefined ? [] : [severity].flat();
    scenarios.set(name, {
      ...rest,
      name,
      trigger: read.trigger,
      loses: { assets: loses?.assets ?? [], domains: loses?.domains ?? [] },
      severity: severities[0],
      severities,
      objectives: objectivesOf(objectives),
      parameters: new Map(
        Object.entries(parameters ?? {}).map(([key, one]) => [key, { ...one, type: one.type ?? 'text' }]),
      ),
      documents: documents ?? [],
      checklists: checklists ?? [],
      success: success ?? [],
      invariants: invariants ?? [],
      steps,
      hash: dependencyHash(inspection, name, written),
    });
  }
  return scenarios;
}

export function readDrills(inspection: Inspection, timezone: string): Map<string, DrillDeclaration> {
  const drills = new Map<string, DrillDeclaration>();
  for (const [name, written] of inspection.entries('drills')) {
    const path = ['drills', name];
    const read = inspection.read(drillSchema, written, path);
    if (read === undefined) continue;
    if ((read.scenario === undefined) === (read.restore === undefined)) {
      const message = 'a drill rehearses a scenario or a restore, exactly one of both';
      inspection.error('plan.wrong_value', path, message, 'Write scenario: NAME or restore: ASSET (or random).');
    }
    const { rto, rpo, lost, health } = read.expect ?? {};
    drills.set(name, {
      name,
      scenario: read.scenario,
      restore: read.restore,
      every: calendarsOf(read.every, timezone),
      in: read.in ?? plainBubble,
      ...(modelOf(drillAround, around(written), timezone) as object),
      expect: {
        ...(rto === undefined ? {} : { rtoMs: rto }),
        ...(rpo === undefined ? {} : { rpoMs: rpo }),
        ...(lost === undefined ? {} : { lost }),
        ...(health === undefined ? {} : { health }),
      },
    });
  }
  return drills;
}

/** What is said of a drill beside what it does. */
const drillAround = drillSchema.pick({
  about: true,
  budget: true,
  stages: true,
  owner: true,
  point: true,
  absent: true,
});
const around = (written: unknown): Record<string, unknown> =>
  pick(written, (key) => Object.hasOwn(drillAround.shape, key));

/**
 * Of the scenario and of all that its run depends on, as written: the scenarios that it calls, the assets, services, clusters,
 * documents and environments that it names anywhere, what those services need, the policies of the assets by where they put
 * points, and the stores. What only warns or informs (trigger,
 * retention, other assets) does not make a rehearsal stale.
 */
function dependencyHash(inspection: Inspection, name: string, written: unknown): string {
  const { root } = inspection;
  const called = pickNamed(root['scenarios'], new Set(allCallsOf(inspection, name)));
  const named = new Set([...textsIn(written), ...textsIn(called)]);
  const services = pickNamed(root['services'], named);
  for (const text of textsIn(services)) named.add(text);
  const assets = pickNamed(root['assets'], named);
  for (const text of textsIn(assets)) named.add(text);
  const policies = Object.entries(pickNamed(root['policies'], named));
  const where = Object.fromEntries(
    policies.map(([policy, rules]) => [policy, pick(rules, (key) => key === 'to' || key === 'copy')]),
  );
  const procedure = pick(written, (key) => !forPeople.has(key));
  return contentHash({
    name,
    procedure,
    called,
    services,
    assets,
    ground: ['clusters', 'documents', 'environments'].map((section) => pickNamed(root[section], named)),
    policies: where,
    stores: root['stores'],
    objectives: root['objectives'],
  });
}

const forPeople = new Set([
  'trigger',
  'about',
  'goal',
  'impact',
  'answers',
  'category',
  'documents',
  'checklists',
  'lastTested',
]);

function pick(section: unknown, wanted: (name: string) => boolean): Record<string, unknown> {
  return isMapping(section) ? Object.fromEntries(Object.entries(section).filter(([name]) => wanted(name))) : {};
}

/** By the few names, not by the section: plans of thousands of assets and hundreds of scenarios are read too. */
function pickNamed(section: unknown, names: ReadonlySet<string>): Record<string, unknown> {
  if (!isMapping(section)) return {};
  return Object.fromEntries(
    [...names].flatMap((name) => (Object.hasOwn(section, name) ? [[name, section[name]]] : [])),
  );
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
