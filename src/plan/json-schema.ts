import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { PlanKinds } from './kinds.ts';
import { isMapping } from './inspection.ts';
import * as assets from './schema/assets.ts';
import { laterAssets } from './schema/later-assets.ts';
import { laterStores } from './schema/later-stores.ts';
import { keyWords } from './schema/key-words.ts';
import * as people from './schema/people.ts';
import * as practice from './schema/practice.ts';
import { chooseFrame } from './schema/later-steps.ts';
import * as schema from './schema/sections.ts';
import { identifier, name, objectives, text } from './schema/words.ts';
import { allChecks, checkBeside } from './sections/checks.ts';
import { allSteps } from './sections/steps.ts';

/**
 * The whole language as JSON Schema (2020-12), for editors: the same schemas that plans are read with, joined for every kind.
 * What no schema can say (references, order of steps) only `check` says.
 */
export function renderSchema(kinds: PlanKinds): string {
  const schemaOfPlan = z.toJSONSchema(wholePlan(kinds), { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const titled = { ...schemaOfPlan, $id: schemaId, title: 'Lifeboat plan' };
  return `${JSON.stringify(described(withoutNoise(titled)), undefined, 2)}\n`;
}

/** Writes what `renderSchema` gives. */
export async function writeSchema(kinds: PlanKinds, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, renderSchema(kinds));
}

const schemaId = 'https://lifeboat.example/schema/lifeboat.schema.json';

function wholePlan(kinds: PlanKinds): z.ZodType {
  const check = union(
    allChecks({ kinds }).map((kind) => z.strictObject({ ...checkBeside, [kind.kind]: kind.schema })),
  ).meta({
    id: 'check',
  });
  const checks = z.array(check).meta({ id: 'checks' });
  return z.strictObject({
    ...header,
    keys: named(schema.key),
    stores: named(union([...kinds.stores, ...laterStores].map((kind) => typed(kind, schema.storeCommon)))),
    policies: named(schema.policy).optional(),
    assets: named(assetOf(kinds, checks)),
    services: named(z.strictObject({ ...schema.serviceFrame, health: checks.optional() })).optional(),
    clusters: named(practice.cluster).optional(),
    environments: named(schema.environment).optional(),
    documents: named(practice.documentFrame).optional(),
    readiness: named(practice.readiness.extend({ checks: checks.optional() })).optional(),
    windows: named(practice.window).optional(),
    contacts: named(people.contact).optional(),
    categories: named(people.category).optional(),
    severities: named(people.severity).optional(),
    escalate: people.escalation.optional(),
    incidents: people.incidents.optional(),
    channels: named(people.channel).optional(),
    templates: named(people.template).optional(),
    checklists: named(people.checklist).optional(),
    scenarios: named(scenarioOf(kinds, checks)).optional(),
    drills: named(schema.drill).optional(),
    exercises: named(practice.exercise).optional(),
    alerts: named(practice.alert).optional(),
    commands: named(practice.command).optional(),
    waivers: z.array(practice.waiver).optional(),
  });
}

/** What stands before the declarations. */
const header = {
  lifeboat: z.literal(1),
  plan: name,
  about: text.optional(),
  version: text.optional(),
  owner: text.optional(),
  review: people.review.optional(),
  include: z.array(practice.include).optional(),
  parameters: z.record(identifier, practice.parameter).optional(),
  timezone: text.optional(),
  domains: schema.domainTree.optional(),
  objectives: objectives.optional(),
  ranks: schema.ranks.optional(),
  goals: schema.goals.optional(),
  tool: practice.tool.optional(),
};

const assetOf = (kinds: PlanKinds, checks: z.ZodType): z.ZodType =>
  union([
    ...[...kinds.assets, ...laterAssets].map((kind) =>
      typed(kind, { ...assets.assetCommon, checks: checks.optional() }),
    ),
    assets.excludedAsset,
  ]);

const scenarioOf = (kinds: PlanKinds, checks: z.ZodType): z.ZodType =>
  z.strictObject({
    ...schema.scenarioFrame,
    success: checks.optional(),
    invariants: checks.optional(),
    steps: z.array(stepOf(kinds, checks)).min(1),
  });

const named = (declaration: z.ZodType): z.ZodType => z.record(name, declaration);

function stepOf(kinds: PlanKinds, checks: z.ZodType): z.ZodType {
  const step: z.ZodType = z.lazy(() => union(stepKinds)).meta({ id: 'step' });
  const parallel = z.union([
    z.array(step).min(1),
    z.strictObject({ steps: z.array(step).min(1), limit: z.int().min(1).optional() }),
  ]);
  const stepKinds = allSteps({ kinds }).map(({ kind, schema: own, siblings = {} }) => {
    const beside = Object.fromEntries(Object.entries(siblings).map(([key, sibling]) => [key, sibling.optional()]));
    const inside = kind === 'parallel' ? parallel : kind === 'choose' ? chooseFrame(step) : own;
    return z.strictObject({
      ...schema.stepFrame,
      guard: checks.optional(),
      verify: checks.optional(),
      undo: z.union([text, step]).optional().describe('What takes it back: words for people, or a step'),
      ...beside,
      [kind]: inside,
    });
  });
  return step;
}

/** A kind's settings and what every declaration of its section has, in one mapping. */
function typed(kind: { type: string; schema: z.ZodType }, common: z.ZodRawShape): z.ZodType {
  const type = z.literal(kind.type);
  if (kind.schema instanceof z.ZodObject) return z.strictObject({ ...common, ...kind.schema.shape, type });
  return z.looseObject({ ...common, type });
}

function union(options: readonly z.ZodType[]): z.ZodType {
  const [first, ...rest] = options;
  return first === undefined ? z.never() : z.union([first, ...rest]);
}

/** Bounds that only say "a safe integer" help nobody who edits a plan. */
function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (!isMapping(value)) return value;
  const kept = Object.entries(value).filter(([key, part]) => !(key === 'maximum' && part === Number.MAX_SAFE_INTEGER));
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutNoise(part)]));
}

/** Every key with its line: its own description, else the one for the key below what stands around it, else the one for the key. */
function described(value: unknown, around = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => described(item, around));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([word, part]) => {
      if (word === '$defs' && isMapping(part))
        return [word, Object.fromEntries(Object.entries(part).map(([id, one]) => [id, described(one, id)]))];
      if (word !== 'properties' || !isMapping(part)) return [word, described(part, around)];
      return [word, Object.fromEntries(Object.entries(part).map(([key, one]) => [key, withWord(key, one, around)]))];
    }),
  );
}

function withWord(key: string, schemaOfKey: unknown, around: string): unknown {
  const inner = described(schemaOfKey, key);
  const word = keyWords[`${around}.${key}`] ?? keyWords[key];
  if (!isMapping(inner) || typeof inner['description'] === 'string' || word === undefined) return inner;
  return { description: word, ...inner };
}
