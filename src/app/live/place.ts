import { isoTime, limits } from '../../core/index.ts';
import { sentenceDuration, type Finding, type StoreDeclaration } from '../../plan/index.ts';
import { keysOf, openKeyring, type Point, type Unlock } from '../../repository/index.ts';
import type { Store } from '../../stores/index.ts';
import type { Path, World } from './world.ts';

/** What somebody may have changed of the place since it was made: rules that expire or freeze live objects, a lock or versions that are gone. */
export async function askSettings(world: World, at: Path, name: string, store: Store): Promise<Finding[]> {
  const { review } = store;
  if (review === undefined) return [];
  const answer = await world.ask(`the settings of ${name}`, () => review.call(store));
  if ('error' in answer)
    return [world.unknown(at, `nothing is known of the settings of ${name}: ${answer.error.message}`)];
  const harmful = answer.value.filter((fact) => fact.harmful);
  return harmful.map(({ message, hint }) => world.found('live.store_settings', at, `${name}: ${message}`, hint));
}

/** Whether what the oldest and the newest points rest on is locked for as long as the plan wants it to be, as far as some objects tell. */
export async function askLocks(
  world: World,
  at: Path,
  { name, lockMs }: StoreDeclaration,
  store: Store,
  points: readonly Point[],
): Promise<Finding[]> {
  const { lockedUntil } = store;
  if (lockMs === undefined || lockedUntil === undefined) return [];
  const names = [points.at(0), points.at(-1)].flatMap((point) => (point === undefined ? [] : [`points/${point.id}`]));
  const answer = await world.ask(`the locks in ${name}`, async () => {
    for await (const object of store.list('packs/')) if (names.push(object.name) >= limits.locksLookedAt) break;
    const ends: { name: string; untilMs: number | undefined }[] = [];
    for (const one of new Set(names)) ends.push({ name: one, untilMs: await lockedUntil.call(store, one) });
    return ends;
  });
  if ('error' in answer)
    return [world.unknown(at, `nothing is known of the locks in ${name}: ${answer.error.message}`)];
  const nowMs = world.clock.now();
  const [first, ...more] = answer.value
    .filter(({ untilMs }) => (untilMs ?? 0) < nowMs + lockMs / 3)
    .toSorted((a, b) => (a.untilMs ?? 0) - (b.untilMs ?? 0));
  if (first === undefined) return [];
  const ended = first.untilMs === undefined || first.untilMs <= nowMs;
  const state =
    first.untilMs === undefined
      ? 'is not locked'
      : ended
        ? `was locked until ${isoTime(first.untilMs)}`
        : `is locked until ${isoTime(first.untilMs)} only`;
  const message = `${first.name} in ${name} ${state}${more.length === 0 ? '' : `, and so are ${more.length} more of ${answer.value.length} that were looked at`}; points need them for longer, and the plan locks for ${sentenceDuration(lockMs)}`;
  const hint = `Locks are extended by backups, verifications and prunes: run lifeboat store prune ${name}, and find out why none came.`;
  return [world.found('live.lock_ends', at, message, hint, ended ? 'error' : 'warning')];
}

/** Keys that stay behind: of an earlier epoch, or written by nobody who held the key. */
export async function askKeys(
  world: World,
  at: Path,
  name: string,
  store: Store,
  unlock: () => Promise<Unlock>,
): Promise<{ epoch?: { repository: string; epoch: number }; findings: Finding[] }> {
  const answer = await world.ask(`the keys of ${name}`, async () => {
    const ring = await openKeyring(store, await unlock());
    return { ring, entries: await keysOf(ring) };
  });
  // Why it does not open is said where its points are asked for.
  if ('error' in answer) return { findings: [] };
  const { ring, entries } = answer.value;
  const { repository, epoch } = ring.bundle;
  const findings: Finding[] = [];
  for (const { id, label, epoch: own, vouched } of entries) {
    const who = label === undefined ? `the key ${id}` : `the key ${id} (${label})`;
    if (!vouched)
      findings.push(
        world.found(
          'live.key_outdated',
          at,
          `nobody who held the key of ${name} vouches for ${who}: a rotation stops at it`,
          `If it is nobody's: lifeboat keys remove ${id}`,
        ),
      );
    else if ((own ?? 0) < epoch)
      findings.push(
        world.found(
          'live.key_outdated',
          at,
          `${who} of ${name} is of epoch ${own ?? 0}, and ${epoch} is the newest: its holder cannot read what is sealed now`,
          'Bring it along, lifeboat keys rotate, or take it out: lifeboat keys remove KEY',
        ),
      );
  }
  return { epoch: { repository, epoch }, findings };
}

/** A store that did not answer while keys were rotated seals under the old key still: who was taken out reads what it gets. */
export function judgeEpochs(
  world: World,
  stores: readonly { readonly store: string; readonly epoch?: { repository: string; epoch: number } }[],
): Finding[] {
  const newest = new Map<string, { store: string; epoch: number }>();
  for (const { store, epoch } of stores)
    if (epoch !== undefined && epoch.epoch > (newest.get(epoch.repository)?.epoch ?? 0))
      newest.set(epoch.repository, { store, epoch: epoch.epoch });
  return stores.flatMap(({ store, epoch }) => {
    const first = epoch && newest.get(epoch.repository);
    if (epoch === undefined || first === undefined || epoch.epoch >= first.epoch) return [];
    const message = `${store} is at key epoch ${epoch.epoch} while ${first.store} is at ${first.epoch}: what is stored there can be read by who was taken out before the rotation`;
    return [world.found('live.key_outdated', ['stores', store], message, 'Finish the rotation: lifeboat keys rotate')];
  });
}
