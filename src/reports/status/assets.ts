import { limits } from '../../core/index.ts';
import { copiesOf, storesOf, type ListedPoint } from '../../operations/index.ts';
import type { AssetDeclaration, Policy } from '../../plan/index.ts';
import type { LogReach, StatusFacts } from './facts.ts';
import { lossNow } from './loss.ts';
import { problemsOf } from './asset-problems.ts';
import { lossTarget } from './reach.ts';
import type { AssetStatus, LossNow, SilentSource, StoreStatus } from './status-types.ts';

/** Every asset of the plan, those left out on purpose last. */
export function assetsStatus(facts: StatusFacts): AssetStatus[] {
  const { plan } = facts;
  const excluded = [...plan.excluded].map(([asset, reason]): AssetStatus => ({
    asset,
    type: 'excluded',
    excluded: reason,
    rank: undefined,
    loss: { ms: undefined, atMost: false, how: 'excluded', store: undefined },
    target: undefined,
    verdict: 'no target',
    stores: [],
    verifiedMs: undefined,
    provenMs: undefined,
    problems: [],
  }));
  return [...[...plan.assets.values()].map((asset) => assetStatus(facts, asset)), ...excluded];
}

function assetStatus(facts: StatusFacts, asset: AssetDeclaration): AssetStatus {
  const { plan } = facts;
  const policy = asset.policy === undefined ? undefined : plan.policies.get(asset.policy);
  const points = facts.points.filter(({ point }) => point.asset === asset.name);
  const stores = placesOf(facts, asset.name, policy, points).map((place) =>
    storeStatus(facts, asset.name, place, points),
  );
  const target = lossTarget(plan, asset.name);
  const { loss, store } = best(stores);
  const proven = points.flatMap(({ provenMs }) => provenMs ?? []);
  const verified = stores.flatMap(({ verifiedMs }) => verifiedMs ?? []);
  const silent = silentSource(facts, asset.name, points);
  const judged = {
    asset: asset.name,
    ...(silent === undefined ? {} : { silent }),
    type: asset.type,
    rank: asset.rank,
    loss: { ...loss, store },
    target,
    verdict: verdictOf(loss, target?.ms, stores),
    stores,
    verifiedMs: verified.length === 0 ? undefined : Math.max(...verified),
    provenMs: proven.length === 0 ? undefined : Math.max(...proven),
  };
  return { ...judged, problems: problemsOf(facts, judged, policy, points) };
}

interface Place {
  readonly store: string;
  readonly role: StoreStatus['role'];
  readonly withinMs?: number | undefined;
}

function placesOf(
  facts: StatusFacts,
  asset: string,
  policy: Policy | undefined,
  points: readonly ListedPoint[],
): Place[] {
  if (facts.outside.has(asset)) {
    const kept = new Set(points.flatMap(({ stores }) => stores));
    return [...(kept.size === 0 ? [`the copies of ${asset}`] : kept)].map((store) => ({ store, role: 'outside' }));
  }
  const first = storesOf(facts.plan, asset);
  const copies = copiesOf(facts.plan, asset);
  const logs = (policy?.streams?.to ?? []).filter((store) => ![...first, ...copies].includes(store));
  return [
    ...first.map((store) => ({ store, role: 'first' as const })),
    ...copies.map((store) => ({ store, role: 'copy' as const, withinMs: policy?.copy?.withinMs })),
    ...logs.map((store) => ({ store, role: 'log' as const })),
  ];
}

function storeStatus(facts: StatusFacts, asset: string, place: Place, all: readonly ListedPoint[]): StoreStatus {
  const { nowMs } = facts;
  const { store, role } = place;
  const held = all.filter(({ stores }) => stores.includes(store));
  const damaged = held
    .filter(({ damagedIn }) => damagedIn.some((one) => one.store === store))
    .map(({ point }) => point.id);
  const sound = held.filter(({ point }) => !damaged.includes(point.id) && point.atMs <= nowMs + limits.clockSkewMs);
  const newest = sound.at(-1)?.point;
  const holes = facts.holes?.find((one) => one.asset === asset && one.store === store)?.holes ?? [];
  const verified = held.flatMap(({ point }) => {
    const outcome = facts.verified.get(point.id)?.get(store);
    return outcome?.sound === true ? [outcome.atMs] : [];
  });
  return {
    store,
    role,
    answered: !facts.unanswered.some((one) => one.store === store),
    points: held.length,
    newest: newest === undefined ? undefined : { id: newest.id, atMs: newest.atMs },
    loss: lossNow({
      nowMs,
      point: newest,
      reach: reachOf(facts.logs.get(asset)?.get(store), holes),
      source: sourceOf(facts, asset),
      silent: silentSource(facts, asset, all),
    }),
    verifiedMs: verified.length === 0 ? undefined : Math.max(...verified),
    damaged,
    holes,
    ...(role === 'copy' ? lagOf(facts, place, held, all) : {}),
  };
}

/** What a stream stores behind a hole does not come back before there is a point behind it. */
function reachOf(reach: LogReach | undefined, holes: StoreStatus['holes']): LogReach | undefined {
  const open = holes.filter(({ nextMs }) => nextMs === undefined).map(({ reachableMs }) => reachableMs);
  if (open.length === 0) return reach;
  const { passedBy } = reach ?? {};
  return { completeMs: Math.min(...open), from: 'log', ...(passedBy === undefined ? {} : { passedBy }) };
}

/** A point and the log were made by a source that lived. */
function silentSource(
  { silent, logs, nowMs }: StatusFacts,
  asset: string,
  points: readonly ListedPoint[],
): SilentSource | undefined {
  const reason = silent?.get(asset);
  if (reason === undefined) return undefined;
  const reached = [...(logs.get(asset)?.values() ?? [])].map(({ completeMs }) => completeMs);
  const seen = [...points.map(({ point }) => point.atMs), ...reached].filter((ms) => ms <= nowMs);
  return { reason, aliveMs: seen.length === 0 ? undefined : Math.max(...seen) };
}

/** What stands behind copies that others make is not known to us: of them only the age counts. */
const sourceOf = ({ outside, sources }: StatusFacts, asset: string) =>
  outside.has(asset) ? undefined : sources.get(asset);

/** Points that are elsewhere, newer than what is here; older ones that are not may have gone by this store's own retention. */
function lagOf(
  { nowMs }: StatusFacts,
  { withinMs }: Place,
  held: readonly ListedPoint[],
  all: readonly ListedPoint[],
): Pick<StoreStatus, 'lagMs' | 'waiting' | 'withinMs'> {
  const newestMs = held.at(-1)?.point.atMs ?? -Infinity;
  const waiting = all.filter((item) => item.point.atMs > newestMs && !held.includes(item));
  const oldestMs = Math.min(...waiting.map(({ point }) => point.createdMs));
  const lagMs = waiting.length === 0 ? 0 : Math.max(0, nowMs - oldestMs);
  return { lagMs, waiting: waiting.length, ...(withinMs === undefined ? {} : { withinMs }) };
}

/** The store from which least would be lost. */
export function best(stores: readonly StoreStatus[]): { loss: LossNow; store: string | undefined } {
  const [first] = stores
    .filter(({ loss }) => loss.ms !== undefined)
    .toSorted((a, b) => (a.loss.ms ?? 0) - (b.loss.ms ?? 0));
  if (first !== undefined) return { loss: first.loss, store: first.store };
  const silent = stores.some(({ answered }) => !answered);
  const how = silent ? 'no store that answered has a point' : 'there is no point';
  return { loss: { ms: undefined, atMost: false, how }, store: undefined };
}

export function verdictOf(
  { ms }: LossNow,
  targetMs: number | undefined,
  stores: readonly StoreStatus[],
): AssetStatus['verdict'] {
  if (ms !== undefined && targetMs !== undefined && ms <= targetMs) return 'ok';
  // A store that is silent may hold a newer point: nobody knows, and that is not ok either.
  if (stores.some(({ answered }) => !answered)) return 'unknown';
  if (targetMs === undefined) return 'no target';
  return 'breached';
}
