import { formatBytes, limits } from '../../core/index.ts';
import { isBeingTaken, storesOf } from '../../operations/index.ts';
import { sentenceDuration, type Calendar, type Finding, type Policy } from '../../plan/index.ts';
import { lossNow, type LogReach } from '../../reports/index.ts';
import type { Point } from '../../repository/index.ts';
import type { AssetState } from './assets.ts';
import type { History } from './history.ts';
import type { StoreState } from './stores.ts';
import { lossAllowed } from './targets.ts';
import type { World } from './world.ts';

/** What there is of an asset in one of the stores that its policy names. */
interface Kept {
  readonly asset: AssetState;
  readonly store: string;
  readonly policy: Policy | undefined;
  /** How much later than in the first store a point may be here. */
  readonly lagMs: number;
  /** Oldest first. */
  readonly points: readonly Point[];
  /** How far its log leads there, where one is streamed. */
  readonly reach: LogReach | undefined;
}

/** The points that there are, against those that the plan promises. Nothing is said of a store that did not answer: that is said there. */
export function judgePoints(
  world: World,
  stores: readonly StoreState[],
  assets: readonly AssetState[],
  history: History,
): Finding[] {
  const outside = assets.filter((asset) => asset.outside !== undefined).flatMap((asset) => judgeOutside(world, asset));
  const ours = assets.filter((asset) => asset.outside === undefined);
  const judged = ours.flatMap((asset) =>
    keptOf(world, stores, asset).flatMap((kept) => {
      const newest = kept.points.at(-1);
      if (newest === undefined) return [never(world, kept)];
      return [
        ...judgeAge(world, kept, newest),
        ...judgeIdentity(world, kept, newest),
        ...judgeVerification(world, kept, history),
        ...judgeBackupTime(world, kept, history),
      ];
    }),
  );
  return [...judged, ...outside];
}

/** Copies that others make are late as ours are; what they should do about it is theirs. */
function judgeOutside(world: World, asset: AssetState): Finding[] {
  const newest = asset.outside?.at(-1);
  const at = ['assets', asset.asset];
  if (newest === undefined) {
    const message = `there is no copy of ${asset.asset} where others should keep it`;
    return [
      world.found(
        'live.point_never',
        at,
        message,
        'Look after what makes them, and whether "from" names the right place.',
      ),
    ];
  }
  const nowMs = world.clock.now();
  const target = lossAllowed(world.plan, asset.asset);
  const ageMs = nowMs - newest.atMs;
  if (target === undefined || ageMs <= target.ms) return [];
  const message = `the newest copy of ${asset.asset} in ${newest.keptIn} is ${sentenceDuration(ageMs)} old, and ${target.of} may lose ${sentenceDuration(target.ms)}`;
  return [world.found('live.point_old', at, message, 'Look after what makes them: none came by itself.')];
}

function keptOf({ plan }: World, stores: readonly StoreState[], asset: AssetState): Kept[] {
  const declaration = plan.assets.get(asset.asset);
  const policy = declaration?.policy === undefined ? undefined : plan.policies.get(declaration.policy);
  const first = storesOf(plan, asset.asset).map((store) => ({ store, lagMs: 0 }));
  const copies = (policy?.copy?.to ?? []).map((store) => ({ store, lagMs: policy?.copy?.withinMs ?? 0 }));
  return [...first, ...copies].flatMap(({ store, lagMs }) => {
    const { points, reaches } = stores.find((one) => one.store === store) ?? {};
    if (points === undefined) return [];
    const reach = reaches?.get(asset.asset);
    return [{ asset, store, policy, lagMs, reach, points: points.filter((point) => point.asset === asset.asset) }];
  });
}

const never = (world: World, { asset, store }: Kept): Finding =>
  world.found(
    'live.point_never',
    ['assets', asset.asset],
    `there is no point of ${asset.asset} in ${store}`,
    isBeingTaken(world.request, asset.asset)
      ? 'One is being taken now: look again when it is there.'
      : `Take one: lifeboat backup ${asset.asset}`,
  );

function judgeAge(world: World, { asset, store, policy, lagMs, reach }: Kept, newest: Point): Finding[] {
  const at = ['assets', asset.asset];
  const nowMs = world.clock.now();
  const ageMs = nowMs - newest.atMs;
  if (ageMs < -limits.clockSkewMs) {
    const message = `the newest point of ${asset.asset} in ${store} is of ${sentenceDuration(-ageMs)} from now: the clock that made it, or ours, is wrong`;
    return [world.found('live.clock', at, message, 'Let both machines be kept by NTP.')];
  }
  const target = lossAllowed(world.plan, asset.asset);
  const hint = `Take one now: lifeboat backup ${asset.asset}. Then find out why none came by itself.`;
  // As `status` reckons it; whether anything was written since, the source was not asked here.
  const loss = lossNow({ nowMs, point: newest, reach, source: undefined });
  if (target !== undefined && (loss.ms ?? Infinity) > target.ms + lagMs) {
    const lasts = loss.ms === undefined ? 'not known' : sentenceDuration(loss.ms);
    const isByLog = reach !== undefined && reach.completeMs > newest.atMs;
    const what = isByLog
      ? `the log of ${asset.asset} in ${store} leads from the newest point to ${lasts} ago`
      : `the newest point of ${asset.asset} in ${store} is ${lasts} old`;
    const message = `${what}, and ${target.of} may lose ${sentenceDuration(target.ms)}`;
    const stream = `See whether its stream runs: lifeboat stream ${asset.asset}. A point helps too: lifeboat backup ${asset.asset}`;
    return [world.found('live.point_old', at, message, policy?.streams === undefined ? hint : stream)];
  }
  const dueMs = dueAfter(policy?.every ?? [], newest.createdMs);
  const lateMs = dueMs === undefined ? 0 : nowMs - dueMs - lagMs - (policy?.budgetMs ?? 0);
  if (lateMs <= limits.pointGraceMs) return [];
  const message = `a point of ${asset.asset} was due in ${store} ${sentenceDuration(lateMs)} ago, and there is none`;
  return [world.found('live.point_old', at, message, hint, 'warning')];
}

const dueAfter = (calendars: readonly Calendar[], afterMs: number): number | undefined =>
  calendars
    .flatMap((calendar) => calendar.next(afterMs) ?? [])
    .toSorted((a, b) => a - b)
    .at(0);

function judgeIdentity(world: World, { asset, store }: Kept, newest: Point): Finding[] {
  const before = newest.facts.source.id;
  if (asset.identity === undefined || asset.identity === before) return [];
  const message = `the source of ${asset.asset} is now ${asset.identity}; the newest point in ${store} is of ${before}`;
  const hint = 'If it was replaced on purpose, take a point now. If not, its address leads somewhere else.';
  return [world.found('live.source_changed', ['assets', asset.asset], message, hint)];
}

/** By the policy's calendar; without one it is only said that nobody ever did. */
function judgeVerification(world: World, { asset, store, policy, points }: Kept, history: History): Finding[] {
  const at = policy?.verifies === undefined ? ['assets', asset.asset] : ['policies', policy.name, 'verify'];
  const hint = `Read them back: lifeboat verify ${asset.asset}`;
  const lastMs = Math.max(...points.map(({ id }) => history.verifiedMs.get(`${id} ${store}`) ?? -Infinity));
  if (lastMs === -Infinity) {
    const message = `no point of ${asset.asset} in ${store} was ever verified from this machine`;
    return [world.found('live.verify_overdue', at, message, hint, policy?.verifies === undefined ? 'info' : 'warning')];
  }
  const dueMs = dueAfter(policy?.verifies?.every ?? [], lastMs);
  const lateMs = dueMs === undefined ? 0 : world.clock.now() - dueMs;
  if (lateMs <= limits.pointGraceMs) return [];
  const message = `the points of ${asset.asset} in ${store} should have been verified ${sentenceDuration(lateMs)} ago`;
  return [world.found('live.verify_overdue', at, message, hint)];
}

function judgeBackupTime(world: World, { asset, store, policy }: Kept, history: History): Finding[] {
  const seconds = history.backupSeconds.get(`${asset.asset} ${store}`);
  if (policy?.budgetMs === undefined || seconds === undefined || seconds * 1000 <= policy.budgetMs) return [];
  const size = asset.bytes === undefined ? '' : ` for ${formatBytes(asset.bytes)}`;
  const message = `the last backup of ${asset.asset} to ${store} took ${sentenceDuration(seconds * 1000)}${size}, and the policy ${policy.name} allows ${sentenceDuration(policy.budgetMs)}`;
  const hint = 'Raise the budget and count it in the RPO, or split the asset.';
  return [world.found('live.backup_time', ['policies', policy.name], message, hint)];
}
