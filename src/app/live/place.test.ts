import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret, systemClock } from '../../core/index.ts';
import { backup, extendLocks, prune } from '../../operations/index.ts';
import {
  addKey,
  createRepository,
  joinRepository,
  openKeyring,
  rotateKeys,
  takeKeyOut,
  type Keyring,
} from '../../repository/index.ts';
import { setLifecycle } from '../../stores/testing/s3-place.ts';
import { s3ServerMissing, startS3Server, type S3Server } from '../../testing/s3/index.ts';
import { loadWorkspacePlan, openStore } from '../open.ts';
import { clockAhead, LivePlace, passphrase } from './testing/live-place.ts';

const missing = s3ServerMissing();
const dayMs = 86_400_000;

describe.skipIf(missing !== undefined)(`check --live: places that somebody changed ${missing ?? ''}`, () => {
  let server: S3Server;
  let place: LivePlace;
  beforeAll(async () => {
    server = await startS3Server();
    process.env['LB_TEST_S3_SECRET'] = server.secretAccessKey;
    const s3 = (bucket: string, more = ''): string =>
      `{ type: s3, endpoint: "${server.endpoint}", bucket: ${bucket}, accessKeyId: ${server.accessKeyId}, secretAccessKey: { env: LB_TEST_S3_SECRET }, domain: there${more} }`;
    place = await LivePlace.make(`domains: { here: {}, there: {}, safe: {} }
keys: { main: { passphrase: { env: ${passphrase.variable} }, domain: safe } }
stores: { locked: ${s3('locked', ', lock: 7d, lockMode: governance')}, other: ${s3('other')} }
policies: { daily: { every: 1d, to: [locked], copy: { to: [other], within: 1d } } }
assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }
`);
    await place.makeFolder('docs');
    const plan = await loadWorkspacePlan(place.path('lifeboat.yaml'));
    const [locked, other] = [
      await openStore(plan, 'locked', systemClock, true),
      await openStore(plan, 'other', systemClock, true),
    ];
    const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
    const recipients = { passphrase: new Secret(passphrase.words), age: [] };
    await createRepository(locked, recipients, systemClock, { derivation });
    await joinRepository(locked, other);
    for (const store of [locked, other]) await store.close();
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
  });
  afterAll(async () => {
    await place.remove();
    await server.destroy();
  });

  const ring = async (store: string): Promise<Keyring> => {
    const plan = await loadWorkspacePlan(place.path('lifeboat.yaml'));
    return openKeyring(await openStore(plan, store, systemClock, false), { passphrase: new Secret(passphrase.words) });
  };
  const ours = async (...more: Parameters<LivePlace['check']>): Promise<string[]> =>
    (await place.check(...more))
      .filter(({ code }) => ['live.store_settings', 'live.lock_ends', 'live.key_outdated'].includes(code))
      .map(({ code, severity, message }) => `${severity} ${code} ${message}`);

  it('says nothing of buckets that are as they were made', async () => {
    expect(await ours()).toEqual([]);
  });

  it('live.lock_ends: locks that nobody extended, and that have ended', async () => {
    expect(await ours({ clock: clockAhead(5 * dayMs) })).toEqual([
      expect.stringMatching(/^warning live\.lock_ends .* in locked is locked until .* the plan locks for 7 days/),
    ]);
    expect(await ours({ clock: clockAhead(8 * dayMs) })).toEqual([
      expect.stringMatching(/^error live\.lock_ends .* in locked was locked until/),
    ]);
  });

  it('everything that lives on is locked for longer by a prune that finds it due, and only then', async () => {
    await place.inWorkspace(async (workspace) => {
      const store = await workspace.place('locked');
      const ends = async (): Promise<Map<string, number>> => {
        const found = new Map<string, number>();
        for await (const { name } of store.list(''))
          if (!/^(sessions|tmp)\//.test(name)) found.set(name, (await store.lockedUntil?.(name)) ?? 0);
        return found;
      };
      const before = await ends();
      expect(before.size).toBeGreaterThan(5);
      // The backup has just found it due.
      expect(await extendLocks(workspace, 'locked')).toBeUndefined();
      await systemClock.sleep(1_100);
      const later = { ...workspace, clock: clockAhead(3 * dayMs) };
      await prune(later, { store: 'locked', dryRun: false, keepPoints: false, evict: [], anyway: false });
      for (const [name, untilMs] of before) expect((await ends()).get(name), name).toBeGreaterThan(untilMs + 2 * dayMs);
      expect(await extendLocks(workspace, 'other')).toBeUndefined();
    });
    expect(await ours({ clock: clockAhead(5 * dayMs) })).toEqual([]);
  });

  it('live.store_settings: a rule that expires live objects; one that cleans up old versions is none', async () => {
    await setLifecycle(server.endpoint, 'other', { Prefix: '', Expiration: { Days: 90 } });
    expect(await ours()).toEqual([expect.stringMatching(/^error live\.store_settings other: .*"theirs".*90/)]);
    await setLifecycle(server.endpoint, 'other', { Prefix: '', NoncurrentVersionExpiration: { NoncurrentDays: 400 } });
  });

  it('live.key_outdated: a store that was away while keys were rotated; none when it has caught up', async () => {
    const identity = await generateIdentity();
    const both = [await ring('locked'), await ring('other')];
    await addKey(both, { label: 'Anna', recipients: [await identityToRecipient(identity)] }, systemClock);
    await takeKeyOut([await ring('locked')], 'Anna', systemClock);
    await rotateKeys([await ring('locked')], { clock: systemClock });
    expect(await ours()).toEqual([
      expect.stringMatching(/^error live\.key_outdated other is at key epoch 1 while locked is at 2/),
    ]);
    await rotateKeys([await ring('locked'), await ring('other')], { clock: systemClock });
    expect(await ours()).toEqual([]);
    for (const { store } of both) await store.close();
  });
});
