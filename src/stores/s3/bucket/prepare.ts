import { chance, LifeboatError } from '../../../core/index.ts';
import type { StoreFact } from '../../store.ts';
import { checked } from '../objects/checked.ts';
import { encryptionOf } from '../objects/headers.ts';
import { removeScratch } from '../probe/scratch.ts';
import type { S3Settings } from '../settings.ts';
import type { Client } from '../transport/client.ts';
import { writeXml, type Xml, type XmlTree } from '../transport/xml.ts';
import { bucketFacts, type Wishes } from './facts.ts';
import { harmOf, ruleOf, rulesToAdd } from './lifecycle.ts';
import {
  doors,
  encryptionOfBucket,
  isShut,
  lifecycleOf,
  lockOfBucket,
  shutDoors,
  versioningOf,
  type Door,
} from './settings-of-bucket.ts';

const dayMs = 86_400_000;
/** Old versions that the plan says nothing about: long enough to notice a deletion, short enough to cost little. */
const versionsDaysDefault = 30;

/**
 * Makes the bucket where there is none, and turns on what the plan asks for where it is off. Nothing is turned off or shortened, and
 * live objects are touched by no rule. Everything is read back; throws `store.unfit` where the place is not what was asked.
 */
export async function prepareBucket(
  client: Client,
  prefix: string,
  settings: S3Settings,
  lockMs: number | undefined,
): Promise<readonly StoreFact[]> {
  refuseLiveRules(client, settings);
  const wishes = wishesOf(settings, lockMs);
  const made = await makeBucket(client, wishes);
  await keepVersions(client, wishes);
  await lockObjects(client, wishes);
  await encryptByDefault(client, wishes);
  await shutPublicDoors(client, prefix, wishes);
  await cleanUp(client, prefix, wishes);
  const facts = await bucketFacts(client, prefix, wishes);
  const unmet = facts.filter(({ harmful }) => harmful);
  if (unmet.length > 0) {
    throw new LifeboatError(
      'store.unfit',
      `the bucket is not what the plan asks for: ${unmet.map(({ message }) => message).join('; ')}`,
      {
        where: client.location,
        hint: unmet[0]?.hint ?? 'Change the bucket, or the settings of the store in the plan.',
      },
    );
  }
  const said = made ? `the bucket ${client.bucket} was made` : `the bucket ${client.bucket} was there`;
  return [{ code: 'bucket', verdict: 'yes', message: said, harmful: false }, ...facts];
}

/** What the plan asks of the bucket, in one place for making it and for looking at it. */
export function wishesOf(settings: S3Settings, lockMs: number | undefined): Wishes {
  const versions = settings.lifecycle?.find(({ versions: old, expire }) => old === true && expire === true);
  const versioning = settings.versioning === true || lockMs !== undefined;
  const wishedDays = versions === undefined ? versionsDaysDefault : Math.ceil(versions.after / dayMs);
  return {
    versioning,
    lock: lockMs !== undefined,
    encryption: settings.encryption === undefined ? undefined : encryptionOf(settings.encryption),
    private: settings.private !== false,
    versionsDays: versioning ? Math.max(wishedDays, Math.ceil((lockMs ?? 0) / dayMs), 1) : undefined,
  };
}

/** Objects here are shared by many points: whoever expires or freezes one by its age harms points that are younger. */
function refuseLiveRules(client: Client, { lifecycle = [] }: S3Settings): void {
  if (lifecycle.every(({ versions }) => versions === true)) return;
  throw new LifeboatError('store.unfit', 'the plan asks for a rule of the bucket that would touch live objects', {
    where: client.location,
    hint: 'Points share objects: let the policy keep and tier points, and the bucket clean up old versions only (versions: true).',
  });
}

async function makeBucket(client: Client, { lock }: Wishes): Promise<boolean> {
  const probe = { method: 'GET', query: { 'list-type': '2', 'max-keys': '1' }, accept: [404] } as const;
  if ((await client.send(probe)).status !== 404) return false;
  const place = client.region === 'us-east-1' || !client.amazon ? undefined : { LocationConstraint: client.region };
  const xml = place === undefined ? undefined : checked(writeXml({ CreateBucketConfiguration: place }));
  await client.send({
    method: 'PUT',
    ...xml,
    headers: { ...xml?.headers, ...(lock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {}) },
    // Somebody else may have made it in this moment; whether it is ours is seen next.
    accept: [409],
  });
  await client.send({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1' } });
  return true;
}

async function keepVersions(client: Client, { versioning }: Wishes): Promise<void> {
  if (!versioning || (await versioningOf(client)) === 'Enabled') return;
  await set(client, 'versioning', { VersioningConfiguration: { Status: 'Enabled' } });
}

async function lockObjects(client: Client, { lock }: Wishes): Promise<void> {
  if (!lock) return;
  const found = await lockOfBucket(client);
  if (typeof found === 'object' && found.enabled) return;
  // Some servers allow it on a bucket that keeps versions; the others are told by the facts below.
  await set(client, 'object-lock', { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } });
}

async function encryptByDefault(client: Client, { encryption }: Wishes): Promise<void> {
  if (encryption === undefined || (await encryptionOfBucket(client)) !== undefined) return;
  const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: encryption.algorithm, KMSMasterKeyID: encryption.key };
  const Rule = { ApplyServerSideEncryptionByDefault };
  await set(client, 'encryption', { ServerSideEncryptionConfiguration: { Rule } });
}

/** Enough for `isShut`. */
const needed: readonly Door[] = ['IgnorePublicAcls', 'BlockPublicPolicy'];

/**
 * Shuts the doors to the public, and looks whether the bucket can still be written: some servers take a shut door for a refusal of
 * everything. Then the two that matter are shut; if that fails too, all are as they were.
 */
async function shutPublicDoors(client: Client, prefix: string, wishes: Wishes): Promise<void> {
  const before = await shutDoors(client);
  if (!wishes.private || typeof before === 'string' || (before !== undefined && isShut(before))) return;
  for (const shut of [doors, needed]) {
    await setDoors(client, [...shut, ...(before ?? [])]);
    if (await canWrite(client, prefix)) return;
  }
  await setDoors(client, before ?? []);
}

const setDoors = (client: Client, shut: readonly Door[]): Promise<void> =>
  set(client, 'publicAccessBlock', {
    PublicAccessBlockConfiguration: Object.fromEntries(doors.map((door) => [door, shut.includes(door)])),
  });

async function canWrite(client: Client, prefix: string): Promise<boolean> {
  const key = `${prefix}tmp/probe-${chance(10)}`;
  const answer = await client.send({ method: 'PUT', key, accept: [403] });
  const version = answer.headers['x-amz-version-id'];
  if (answer.status !== 403) await removeScratch(client, key, typeof version === 'string' ? [version] : []);
  return answer.status !== 403;
}

async function cleanUp(client: Client, prefix: string, { versionsDays }: Wishes): Promise<void> {
  const found = await lifecycleOf(client);
  if (found === 'unsupported' || found === 'denied') return;
  const rules: readonly Xml[] = found ?? [];
  const added = rulesToAdd(rules.map(ruleOf), prefix, versionsDays);
  if (added.length === 0 || rules.map(ruleOf).some((rule) => harmOf(rule, prefix) !== undefined)) return;
  await set(client, 'lifecycle', { LifecycleConfiguration: { Rule: [...(rules as XmlTree[]), ...added] } });
}

/** A server that does not know or allow a setting is no end: what is so in the end is read, and judged by what was asked. */
async function set(client: Client, what: string, tree: XmlTree): Promise<void> {
  try {
    await client.send({ method: 'PUT', query: { [what]: '' }, ...checked(writeXml(tree)) });
  } catch (error) {
    const judgedLater =
      error instanceof LifeboatError &&
      ['store.unfit', 'store.denied', 'store.missing', 'store.busy'].includes(error.code);
    if (!judgedLater) throw error;
  }
}
