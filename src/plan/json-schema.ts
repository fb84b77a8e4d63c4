import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { PlanKinds } from './kinds.ts';
import { isMapping } from './inspection.ts';
import { laterStores } from './schema/later-steps.ts';
import * as schema from './schema/sections.ts';
import { name, objectives, text } from './schema/words.ts';
import { checkBeside } from './sections/checks.ts';
import { allSteps, stepBeside } from './sections/steps.ts';

/**
 * The whole language as JSON Schema (2020-12), for editors: the same schemas that plans are read with, joined for every kind.
 * What no schema can say (references, order of steps) only `check` says.
 */
export function renderSchema(kinds: PlanKinds): string {
  const schemaOfPlan = z.toJSONSchema(wholePlan(kinds), { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const titled = { ...schemaOfPlan, $id: schemaId, title: 'Lifeboat plan' };
  return `${JSON.stringify(withoutNoise(titled), undefined, 2)}\n`;
}

/** Writes what `renderSchema` gives. */
export async function writeSchema(kinds: PlanKinds, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, renderSchema(kinds));
}

const schemaId = 'https://lifeboat.example/schema/lifeboat.schema.json';

function wholePlan(kinds: PlanKinds): z.ZodType {
  const check = union(kinds.checks.map((kind) => z.strictObject({ ...checkBeside, [kind.kind]: kind.schema }))).meta({
    id: 'check',
  });
  const checks = z.array(check);
  return z.strictObject({
    lifeboat: z.literal(1),
    plan: name,
    owner: text.optional(),
    review: schema.review.optional(),
    timezone: text.optional(),
    domains: schema.domainTree.optional(),
    objectives: objectives.optional(),
    keys: named(schema.key),
    stores: named(union([...kinds.stores, ...laterStores].map((kind) => typed(kind, schema.storeCommon)))),
    policies: named(schema.policy).optional(),
    assets: named(
      union([
        ...kinds.assets.map((kind) => typed(kind, { ...schema.assetCommon, checks: checks.optional() })),
        schema.excludedAsset,
      ]),
    ),
    services: named(z.strictObject({ ...schema.serviceFrame, health: checks.optional() })).optional(),
    environments: named(schema.environment).optional(),
    contacts: named(schema.contact).optional(),
    scenarios: named(z.strictObject({ ...schema.scenarioFrame, steps: z.array(stepOf(kinds)).min(1) })).optional(),
    drills: named(schema.drill).optional(),
    severities: named(schema.severity).optional(),
    channels: named(schema.channel).optional(),
    templates: named(schema.template).optional(),
  });
}

const named = (declaration: z.ZodType): z.ZodType => z.record(name, declaration);

function stepOf(kinds: PlanKinds): z.ZodType {
  const step: z.ZodType = z.lazy(() => union(stepKinds)).meta({ id: 'step' });
  const parallel = z.union([
    z.array(step).min(1),
    z.strictObject({ steps: z.array(step).min(1), limit: z.int().min(1).optional() }),
  ]);
  const stepKinds = allSteps({ kinds }).map(({ kind, schema: own, siblings = {} }) => {
    const beside = Object.fromEntries(Object.entries(siblings).map(([key, sibling]) => [key, sibling.optional()]));
    return z.strictObject({ ...stepBeside, ...beside, [kind]: kind === 'parallel' ? parallel : own });
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
