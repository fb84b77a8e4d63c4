import { LifeboatError, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { OpenedRepository } from '../opened.ts';
import type { Point, Unlock } from '../repository.ts';
import { readCanary } from './canary.ts';
import { entryOf, type KeyEntry } from './keyring.ts';
import { fingerprintOf } from './bundle.ts';
import { openBundle } from './open-bundle.ts';
import { readStoredKeys } from '../format/headers.ts';

/** What a key was shown to open. */
export interface CanaryProof {
  readonly repository: string;
  readonly fingerprint: string;
  readonly key: KeyEntry | undefined;
  readonly epoch: number;
  /** Epochs whose canary was read; the store of an early version may have none. */
  readonly canaries: readonly number[];
  /** The point whose first bytes were read, and how many; undefined where the store holds none, or none has any. */
  readonly point: Point | undefined;
  readonly plainBytes: number;
}

/**
 * Opens a repository with nothing but these secrets, reads the canary of each epoch and decrypts real content of the newest
 * point. Throws what opening throws, and `repository.damaged` and its kin for what the key should read and does not.
 */
export async function provesItself(store: Store, unlock: Unlock, clock: Clock): Promise<CanaryProof> {
  const log = new DamageLog();
  const { bundle, by } = await openBundle(store, unlock, log);
  const canaries: number[] = [];
  for (const epoch of bundle.masters.keys()) if (await readCanary(store, bundle, epoch)) canaries.push(epoch);
  const repository = new OpenedRepository(store, bundle, clock, log);
  const { points, damage } = await repository.points();
  // One that cannot be read may be the newest: an older one would prove less than is said.
  const [unread] = damage.filter(({ kind }) => kind === 'point');
  if (unread !== undefined)
    throw new LifeboatError(unread.code, `${unread.object} cannot be read: ${unread.what}`, { where: unread.object });
  const point = points.at(-1);
  const plainBytes = point === undefined ? 0 : await firstBytes(repository, point);
  const stored = (await readStoredKeys(store, log)).find(({ key }) => key.id === by.id);
  const ring = {
    store,
    unlock,
    bundle,
    repository: bundle.repository,
    fingerprint: fingerprintOf(bundle),
    openedBy: by.id,
  };
  return {
    repository: bundle.repository,
    fingerprint: ring.fingerprint,
    key: stored && entryOf(ring, stored, true),
    epoch: bundle.epoch,
    canaries,
    point,
    plainBytes,
  };
}

/** The first piece of the first file that has any: its chunk is authenticated by being read. */
async function firstBytes(repository: OpenedRepository, point: Point): Promise<number> {
  const contents = await repository.contents(point);
  for await (const entry of contents.entries()) {
    if (entry.type !== 'file' || entry.bytes === 0) continue;
    for await (const plain of contents.read(entry.path)) return plain.length;
  }
  return 0;
}
