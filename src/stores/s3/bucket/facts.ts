import { chance } from '../../../core/index.ts';
import type { StoreFact } from '../../store.ts';
import { encryptionHeaders, type Encryption } from '../objects/headers.ts';
import { removeScratch } from '../probe/scratch.ts';
import type { Client } from '../transport/client.ts';
import { harmOf, ruleOf } from './lifecycle.ts';
import {
  encryptionOfBucket,
  isShut,
  lifecycleOf,
  lockOfBucket,
  policyIsPublic,
  shutDoors,
  strangersOf,
  versioningOf,
  type Setting,
} from './settings-of-bucket.ts';

export interface Wishes {
  readonly versioning: boolean;
  readonly lock: boolean;
  readonly encryption: Encryption | undefined;
  readonly private: boolean;
  /** After so many days old versions may go; undefined where the plan asks for no versions. */
  readonly versionsDays: number | undefined;
}

/** What the bucket is, each compared with what the plan asks for. */
export async function bucketFacts(client: Client, prefix: string, wishes: Wishes): Promise<readonly StoreFact[]> {
  return [
    await versioningFact(client, wishes),
    await lockFact(client, wishes),
    await encryptionFact(client, prefix, wishes),
    await publicFact(client, wishes),
    ...(await lifecycleFacts(client, prefix)),
  ];
}

/** Of these what is asked without writing: who may change a bucket may have changed it since it was made. */
export async function reviewBucket(client: Client, prefix: string, wishes: Wishes): Promise<readonly StoreFact[]> {
  return [
    await versioningFact(client, wishes),
    await lockFact(client, wishes),
    await publicFact(client, wishes),
    ...(await lifecycleFacts(client, prefix)),
  ];
}

const fact = (
  code: string,
  verdict: StoreFact['verdict'],
  message: string,
  harmful = false,
  hint?: string,
): StoreFact => ({
  code,
  verdict,
  message,
  harmful,
  ...(hint === undefined ? {} : { hint }),
});

async function versioningFact(client: Client, { versioning }: Wishes): Promise<StoreFact> {
  const found = await versioningOf(client);
  if (found === 'Enabled') return fact('versioning', 'yes', 'old versions are kept');
  return fact(
    'versioning',
    'no',
    versioning ? 'old versions are not kept, and the plan asks for it' : 'old versions are not kept',
    versioning,
  );
}

async function lockFact(client: Client, { lock }: Wishes): Promise<StoreFact> {
  const found = await lockOfBucket(client);
  const asked = lock ? ', and the plan asks for a lock' : '';
  if (typeof found === 'string') return fact('object_lock', 'unknown', `${unknown[found]} object lock${asked}`, lock);
  if (found === undefined || !found.enabled) {
    const hint =
      'Most servers give a lock only to a bucket that is made with it: name another bucket, or leave `lock` out of the plan.';
    return fact('object_lock', 'no', `objects cannot be locked${asked}`, lock, hint);
  }
  const byDefault = found.byDefault === undefined ? '' : `; every object gets ${found.byDefault}`;
  return fact('object_lock', 'yes', `objects can be locked${byDefault}`);
}

const unknown = { unsupported: 'the server does not know', denied: 'these credentials may not see' } as const;

/** The default of the bucket, or what the server says of an object that is sent with the wish. */
async function encryptionFact(client: Client, prefix: string, { encryption }: Wishes): Promise<StoreFact> {
  const found = await encryptionOfBucket(client);
  if (found === 'AES256' || found?.startsWith('aws:kms') === true)
    return fact('encryption', 'yes', `the server encrypts by default: ${found}`);
  const ours = 'what is stored is sealed by Lifeboat’s own key (AES-256) in any case';
  const said = isUnknown(found) ? `${unknown[found]} default encryption` : 'the server does not encrypt by default';
  if (encryption === undefined) return fact('encryption', isUnknown(found) ? 'unknown' : 'no', `${said}; ${ours}`);
  if (await encrypts(client, prefix, encryption))
    return fact('encryption', 'yes', `${said}, but each object that asks for it`);
  // A wish for AES-256 is met by our own seal; a key that somebody else holds is not.
  const hint = 'Leave `encryption` out of the plan, or use a server that has it.';
  return fact(
    'encryption',
    'no',
    `the server takes no notice of ${encryption.algorithm}; ${ours}`,
    encryption.algorithm !== 'AES256',
    hint,
  );
}

async function encrypts(client: Client, prefix: string, wish: Encryption): Promise<boolean> {
  const key = `${prefix}tmp/probe-${chance(10)}`;
  const headers = encryptionHeaders(wish);
  const answer = await client.send({
    method: 'PUT',
    key,
    headers,
    body: [Buffer.from('probe')],
    accept: [400, 403, 501],
  });
  const version = answer.headers['x-amz-version-id'];
  if (answer.status === 200) await removeScratch(client, key, typeof version === 'string' ? [version] : []);
  return answer.headers['x-amz-server-side-encryption'] === wish.algorithm;
}

async function publicFact(client: Client, wishes: Wishes): Promise<StoreFact> {
  const [shut, strangers, open] = [await shutDoors(client), await strangersOf(client), await policyIsPublic(client)];
  const blocked = typeof shut === 'object' && isShut(shut);
  const hint = 'Take the grant or the policy away.';
  if (!blocked && typeof strangers === 'object' && strangers.length > 0)
    return fact('public_access', 'no', 'the access list of the bucket lets strangers in', wishes.private, hint);
  if (open === true)
    return fact('public_access', 'no', 'the policy of the bucket lets strangers in', wishes.private, hint);
  if (blocked) return fact('public_access', 'yes', 'public access is blocked');
  if (isUnknown(shut))
    return fact('public_access', 'unknown', `${unknown[shut]} a block of public access; nothing is seen to be open`);
  return fact('public_access', 'no', 'public access is not blocked; nothing is open now');
}

const isUnknown = <T>(setting: Setting<T>): setting is 'unsupported' | 'denied' =>
  setting === 'unsupported' || setting === 'denied';

async function lifecycleFacts(client: Client, prefix: string): Promise<readonly StoreFact[]> {
  const found = await lifecycleOf(client);
  if (isUnknown(found)) return [fact('lifecycle', 'unknown', `${unknown[found]} rules for the life of objects`)];
  const rules = (found ?? []).map(ruleOf);
  const harms = rules.flatMap((rule) => harmOf(rule, prefix) ?? []);
  if (harms.length > 0) {
    const hint = 'Take the rule away: points share objects, and retention and tiers are the plan’s.';
    return harms.map((message) => fact('lifecycle', 'no', message, true, hint));
  }
  const cleans = rules.some(({ enabled, abortsUploads }) => enabled && abortsUploads);
  return [
    cleans
      ? fact('lifecycle', 'yes', 'unfinished uploads are removed, and no rule touches live objects')
      : fact('lifecycle', 'no', 'no rule removes unfinished uploads; no rule touches live objects'),
  ];
}
