import { resolve } from 'node:path';
import { z } from 'zod';
import type { SecretSource } from '../../core/index.ts';
import { parseCalendar } from '../calendar/calendar.ts';
import { didYouMean } from '../did-you-mean.ts';
import { isMapping, strictly, type Inspection } from '../inspection.ts';
import type { TypedKind } from '../kinds.ts';
import type {
  Artifact,
  AssetDeclaration,
  Calendar,
  Exclusion,
  Keep,
  KeyDeclaration,
  Policy,
  Standby,
  StoreDeclaration,
} from '../model.ts';
import * as assetSchema from '../schema/assets.ts';
import { laterAssets } from '../schema/later-assets.ts';
import { laterStores } from '../schema/later-stores.ts';
import { modelOf } from '../schema/model-of.ts';
import { madeOnce } from '../schema/made-once.ts';
import * as schema from '../schema/sections.ts';
import { readChecks } from './checks.ts';
import { objectivesOf } from './header.ts';

export function readKeys(inspection: Inspection, folder: string): Map<string, KeyDeclaration> {
  const keys = new Map<string, KeyDeclaration>();
  for (const [name, written] of inspection.entries('keys')) {
    const path = ['keys', name];
    const read = inspection.read(schema.key, written, path);
    if (read === undefined) continue;
    const recipients = read.recipients ?? [];
    if (read.passphrase === undefined && recipients.length === 0) {
      inspection.error(
        'plan.missing_key',
        path,
        `the key ${name} opens nothing`,
        'Give it a passphrase or recipients.',
      );
    }
    keys.set(name, {
      name,
      domain: read.domain,
      recipients,
      ...(read.passphrase === undefined ? {} : { passphrase: fileBelow(read.passphrase, folder) as SecretSource }),
      ...(read.identity === undefined ? {} : { identity: fileBelow(read.identity, folder) as SecretSource }),
      ...(read.shares === undefined ? {} : { shares: read.shares }),
    });
  }
  return keys;
}

export function readStores(inspection: Inspection, folder: string): Map<string, StoreDeclaration> {
  const stores = new Map<string, StoreDeclaration>();
  for (const [name, written] of inspection.entries('stores')) {
    const path = ['stores', name];
    const read = readTyped(
      inspection,
      written,
      path,
      schema.storeCommon,
      inspection.kinds.stores,
      laterStores,
      'store',
    );
    if (read === undefined) continue;
    const { type, domain, lock, about } = read.common;
    const kind = inspection.kinds.stores.find((one) => one.type === type);
    if (kind === undefined) inspection.notExecutable([...path, 'type'], `the store type ${type}`);
    if (lock !== undefined && kind?.locks !== true)
      inspection.notExecutable([...path, 'lock'], `a lock on objects in stores of type ${type}`);
    stores.set(name, {
      name,
      type,
      domain,
      settings: fileBelow(read.settings, folder),
      ...(lock === undefined ? {} : { lockMs: lock }),
      ...(about === undefined ? {} : { about }),
    });
  }
  return stores;
}

export interface Assets {
  readonly assets: Map<string, AssetDeclaration>;
  readonly exclusions: Map<string, Exclusion>;
}

export function readAssets(inspection: Inspection, folder: string, timezone: string): Assets {
  const assets = new Map<string, AssetDeclaration>();
  const exclusions = new Map<string, Exclusion>();
  for (const [name, written] of inspection.entries('assets')) {
    const path = ['assets', name];
    if (isMapping(written) && 'excluded' in written) {
      const read = inspection.read(assetSchema.excludedAsset, written, path);
      if (read === undefined) continue;
      const { excluded: reason, objectives, ...rest } = read;
      exclusions.set(name, { reason, objectives: objectivesOf(objectives), ...rest });
      continue;
    }
    const asset = readAsset(inspection, name, written, folder, timezone);
    if (asset !== undefined) assets.set(name, asset);
  }
  return { assets, exclusions };
}

function readAsset(
  inspection: Inspection,
  name: string,
  written: unknown,
  folder: string,
  timezone: string,
): AssetDeclaration | undefined {
  const path = ['assets', name];
  const checks = isMapping(written) ? readChecks(inspection, written['checks'], [...path, 'checks']) : [];
  const common = { ...assetSchema.assetCommon, checks: z.unknown().optional() };
  const read = readTyped(inspection, written, path, common, inspection.kinds.assets, laterAssets, 'asset');
  if (read === undefined) return undefined;
  const { type, domain, policy, rank, objectives, about, holds, owner, documents } = read.common;
  if (!inspection.kinds.assets.some((kind) => kind.type === type))
    inspection.notExecutable([...path, 'type'], `the asset type ${type}`);
  const mapOf = <T>(key: 'artifacts' | 'standbys'): Map<string, T> => {
    const section = (written as Record<string, unknown>)[key];
    return section === undefined
      ? new Map()
      : new Map(Object.entries(modelOf(assetSchema.assetCommon[key], section, timezone) as Record<string, T>));
  };
  return {
    name,
    type,
    domain,
    policy,
    checks,
    rank,
    objectives: objectivesOf(objectives),
    ...(about === undefined ? {} : { about }),
    holds: holds ?? [],
    ...(owner === undefined ? {} : { owner }),
    artifacts: mapOf<Artifact>('artifacts'),
    standbys: mapOf<Standby>('standbys'),
    documents: documents ?? [],
    settings: fileBelow(read.settings, folder),
  };
}

export function readPolicies(inspection: Inspection, timezone: string): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const [name, written] of inspection.entries('policies')) {
    const path = ['policies', name];
    const read = inspection.read(schema.policy, written, path);
    if (read === undefined) continue;
    const raw = written as Record<string, unknown>;
    if (raw['on'] !== undefined) inspection.notExecutable([...path, 'on'], 'on of a policy');
    const understood = modelOf(schema.policy, written, timezone) as Record<string, unknown>;
    policies.set(name, {
      name,
      every: calendarsOf(read.every, timezone),
      onChange: read.on === 'change',
      budgetMs: read.budget,
      to: read.to ?? [],
      copy: read.copy === undefined ? undefined : copyOf(read.copy),
      keep: raw['keep'] as Policy['keep'],
      verify: raw['verify'] as Policy['verify'],
      stream: raw['stream'] as Policy['stream'],
      keeps: keepsOf(read.keep),
      verifies: understood['verify'] as Policy['verifies'],
      streams: understood['stream'] as Policy['streams'],
    });
  }
  return policies;
}

const spans = ['all', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'pitr'] as const;

/** A window says on which day a point counts; how long it stays is its `for`. */
function keepsOf(read: z.output<typeof schema.keep> | undefined): Keep {
  const windows = spans.flatMap((span) => {
    const window = read?.[span];
    if (window === undefined) return [];
    return [[`${span}Ms`, typeof window === 'number' ? window : window.for] as const];
  });
  return {
    ...Object.fromEntries(windows),
    ...(read?.atLeast === undefined ? {} : { atLeast: read.atLeast }),
    ...(read?.forever === undefined ? {} : { forever: read.forever }),
    ...(read?.tiers === undefined
      ? {}
      : {
          tiers: read.tiers.map(({ after, for: span, ...tier }) => ({
            ...tier,
            afterMs: after,
            ...(span === undefined ? {} : { forMs: span }),
          })),
        }),
  };
}

/** Calendars that the schema has already understood, now in the zone of the plan. */
export const calendarsOf = (words: readonly string[] | undefined, timezone: string): Calendar[] =>
  (words ?? []).map((text) => parseCalendar(text, timezone));

const copyOf = ({ to, within }: { to: string[]; within?: number | undefined }): NonNullable<Policy['copy']> => ({
  to,
  ...(within === undefined ? {} : { withinMs: within }),
});

/** A declaration that names its type: what all share by one schema, the rest by the schema of the type. */
function readTyped<Shape extends z.ZodRawShape>(
  inspection: Inspection,
  written: unknown,
  path: readonly string[],
  shape: Shape,
  kinds: readonly TypedKind[],
  later: readonly TypedKind[],
  what: string,
): { common: z.infer<z.ZodObject<Shape>>; settings: unknown } | undefined {
  if (!isMapping(written)) return void inspection.read(z.strictObject(shape), written, path);
  const type = written['type'];
  const kind = [...kinds, ...later].find((one) => one.type === type);
  if (kind === undefined) {
    reportType(inspection, type, path, [...kinds, ...later], what);
    return undefined;
  }
  const own = Object.keys(written).filter((key) => !Object.hasOwn(shape, key));
  const common = madeOnce(kind, `common ${what}`, () => z.object(shape));
  const ownSchema = madeOnce(kind, `own ${what}`, () => withKnown(strictly(kind.schema), shape));
  const commonRead = inspection.read(common, written, path);
  const settings = inspection.read(ownSchema, pick(written, own), path);
  return commonRead === undefined || settings === undefined ? undefined : { common: commonRead, settings };
}

/** For "did you mean": the keys that every declaration has are known here too. */
function withKnown(settings: z.ZodType, shape: z.ZodRawShape): z.ZodType {
  if (!(settings instanceof z.ZodObject)) return settings;
  const never = Object.fromEntries(
    Object.keys(shape)
      .filter((key) => !Object.hasOwn(settings.shape, key))
      .map((key) => [key, z.undefined().optional()]),
  );
  return settings.extend(never);
}

const pick = (from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(keys.map((key) => [key, from[key]]));

function reportType(
  inspection: Inspection,
  type: unknown,
  path: readonly string[],
  kinds: readonly TypedKind[],
  what: string,
): void {
  const known = kinds.map((kind) => kind.type);
  if (type === undefined) {
    return inspection.error('plan.missing_key', [...path, 'type'], 'type is missing', didYouMean('', known));
  }
  const message =
    typeof type === 'string' ? `there is no ${what} type "${type}"` : `the type of this ${what} is not a text`;
  inspection.error('plan.unknown_type', [...path, 'type'], message, didYouMean(String(type), known), 'value');
}

/** Files that hold secrets are relative to the plan, like every path in it. */
function fileBelow(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((item) => fileBelow(item, folder));
  if (!isMapping(value)) return value;
  if (Object.keys(value).length === 1 && typeof value['file'] === 'string')
    return { file: resolve(folder, value['file']) };
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fileBelow(part, folder)]));
}
