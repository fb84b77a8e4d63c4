import { formatDuration, limits } from '../../core/index.ts';
import type { ListedPoint } from '../../operations/index.ts';
import type { Policy } from '../../plan/index.ts';
import { dueAfter } from './due.ts';
import type { StatusFacts } from './facts.ts';
import { hasGoneOn } from './streams.ts';
import type { AssetStatus, Problem, StoreStatus } from './status-types.ts';

/** What is promised of an asset and not so. Nothing is said here of a store that did not answer: that is said there. */
export function problemsOf(
  facts: StatusFacts,
  status: Omit<AssetStatus, 'problems'>,
  policy: Policy | undefined,
  points: readonly ListedPoint[],
): Problem[] {
  const { asset, loss, target, verdict, stores } = status;
  const answered = stores.filter((one) => one.answered);
  const found: Problem[] = [];
  if (verdict === 'breached' && loss.ms !== undefined && target !== undefined) {
    const words = `${loss.atMost ? 'up to ' : ''}${formatDuration(loss.ms)} would be lost now, ${formatDuration(target.ms)} is what ${target.of} may lose: ${loss.how}`;
    found.push({ code: 'rpo', about: asset, words, hint: lossHint(facts, asset, policy) });
  }
  found.push(...ofStream(facts, asset));
  for (const store of answered) {
    const about = `${asset} in ${store.store}`;
    found.push(
      ...ofDamage(about, store),
      ...ofAge(facts, about, asset, store, policy),
      ...ofCopy(about, store, stores),
      ...ofTimeline(facts, about, asset, store),
      ...ofLog(facts, about, asset, store, answered),
      ...ofOtherLife(facts, about, asset, store),
      ...ofVerification(facts, about, asset, store, policy, points),
      ...ofCount(about, asset, store, policy),
    );
  }
  return found;
}

function ofDamage(about: string, { damaged, points }: StoreStatus): Problem[] {
  if (damaged.length === 0) return [];
  const words = `${damaged.length} of ${points} points cannot be restored whole: ${damaged.slice(0, 3).join(', ')}${damaged.length > 3 ? ', …' : ''}`;
  return [{ code: 'damage', about, words, hint: 'lifeboat backup, then lifeboat verify --all' }];
}

function ofAge(
  facts: StatusFacts,
  about: string,
  asset: string,
  store: StoreStatus,
  policy: Policy | undefined,
): Problem[] {
  const { nowMs } = facts;
  if (store.role === 'log') return [];
  const hint = hintFor(facts, asset);
  if (store.newest === undefined) {
    // A copy that waits for its first point is late when its time is over.
    if (store.role === 'copy') return [];
    const words = 'there is no point that could be restored';
    return [{ code: 'no_point', about, words, hint: noPointHint(facts, asset) }];
  }
  const lagMs = store.withinMs ?? 0;
  const youngerMs = policy?.verifies?.youngerThanMs;
  const ageMs = nowMs - store.newest.atMs;
  if (youngerMs !== undefined && ageMs > youngerMs + lagMs) {
    const words = `the newest point is ${formatDuration(ageMs)} old, ${formatDuration(youngerMs + lagMs)} are allowed`;
    return [{ code: 'late', about, words, hint }];
  }
  const dueMs = store.role === 'first' ? dueAfter(policy?.every ?? [], store.newest.atMs) : undefined;
  const lateMs = dueMs === undefined ? 0 : nowMs - dueMs - (policy?.budgetMs ?? 0);
  if (lateMs <= limits.pointGraceMs) return [];
  return [{ code: 'late', about, words: `a point was due ${formatDuration(lateMs)} ago, and there is none`, hint }];
}

function ofCopy(
  about: string,
  { role, lagMs = 0, withinMs, waiting = 0 }: StoreStatus,
  stores: readonly StoreStatus[],
): Problem[] {
  if (role !== 'copy' || withinMs === undefined || lagMs <= withinMs) return [];
  const to = about.split(' in ').at(-1) ?? '';
  const from = stores.find((one) => one.role === 'first')?.store ?? '';
  const words = `${waiting} point${waiting === 1 ? '' : 's'} not copied for ${formatDuration(lagMs)}, ${formatDuration(withinMs)} are allowed`;
  return [{ code: 'copy_late', about, words, hint: `lifeboat store replicate ${from} ${to}` }];
}

function ofTimeline({ logs }: StatusFacts, about: string, asset: string, { store }: StoreStatus): Problem[] {
  const { passedBy, from } = logs.get(asset)?.get(store) ?? {};
  if (passedBy === undefined) return [];
  const { followed, lived } = passedBy;
  const who =
    from === 'stream' ? `the server lives on timeline ${lived}` : `the log goes on later on timeline ${lived}`;
  const words = `${who}, and a restore without --timeline follows timeline ${followed}`;
  const hint = `lifeboat restore ${asset} --to FOLDER --timeline ${lived} brings back what is written there; a server that a failover left behind should be stopped`;
  return [{ code: 'timeline', about, words, hint }];
}

/** A hole that the stream told of, and that a point closed off, stays a fact: nobody could end an alarm about it. */
function ofLog(
  { holes = [] }: StatusFacts,
  about: string,
  asset: string,
  { store, holes: found }: StoreStatus,
  answered: readonly StoreStatus[],
): Problem[] {
  const { error } = holes.find((one) => one.asset === asset && one.store === store) ?? {};
  const verify = `lifeboat verify ${asset}`;
  if (error !== undefined) {
    const words = `whether moments of the log are lost nobody knows: ${error.message}`;
    return [{ code: 'log', about, words, hint: verify }];
  }
  const other = answered.find((one) => one.store !== store && one.role !== 'outside' && !one.holes.some(isOpen));
  const mend =
    other === undefined
      ? `the moments are promised until keep.pitr has passed over them, or the points before them are forgotten: lifeboat points ${asset}`
      : `what ${other.store} has of it comes back: lifeboat store replicate ${other.store} ${store}`;
  return found.filter(isOpen).map(({ words, nextMs }) => ({
    code: 'log',
    about,
    words,
    hint: nextMs === undefined ? `lifeboat backup ${asset}, from which the log leads on; ${mend}` : mend,
  }));
}

const isOpen = ({ isTold }: StoreStatus['holes'][number]): boolean => !isTold;

function ofStream({ failedStreams, logs }: StatusFacts, asset: string): Problem[] {
  const failed = failedStreams?.get(asset);
  if (failed === undefined) return [];
  if (hasGoneOn(failed, [...(logs.get(asset)?.values() ?? [])])) return [];
  const hint = failed.hint ?? `lifeboat stream ${asset}`;
  return [{ code: 'stream', about: asset, words: `its stream ended: ${failed.words}`, hint }];
}

function ofOtherLife({ otherLives }: StatusFacts, about: string, asset: string, { store }: StoreStatus): Problem[] {
  const found = otherLives?.get(asset)?.get(store);
  return found === undefined ? [] : [{ code: 'timeline', about, ...found }];
}

/** Only where the plan asks for it. */
function ofVerification(
  { nowMs }: StatusFacts,
  about: string,
  asset: string,
  store: StoreStatus,
  policy: Policy | undefined,
  points: readonly ListedPoint[],
): Problem[] {
  const asked = policy?.verifies;
  if (asked === undefined || store.points === 0 || store.role === 'outside' || store.role === 'log') return [];
  const hint = `lifeboat verify ${asset}`;
  if (store.verifiedMs === undefined)
    return [{ code: 'verify', about, words: 'no point was ever read back whole: never verified', hint }];
  const dueMs = dueAfter(asked.every ?? [], store.verifiedMs);
  const lateMs = dueMs === undefined ? 0 : nowMs - dueMs;
  if (lateMs > limits.pointGraceMs)
    return [{ code: 'verify', about, words: `was to be read back ${formatDuration(lateMs)} ago`, hint }];
  if (asked.asks?.includes('restores') === true && points.every(({ provenMs }) => provenMs === undefined))
    return [
      { code: 'verify', about, words: 'no point was ever restored with its checks green', hint: 'lifeboat drill' },
    ];
  return [];
}

function ofCount(about: string, asset: string, store: StoreStatus, policy: Policy | undefined): Problem[] {
  const least = policy?.verifies === undefined ? undefined : policy.keeps.atLeast;
  const sound = store.points - store.damaged.length;
  if (least === undefined || store.role !== 'first' || sound >= least || store.points === 0) return [];
  const words = `${sound} sound point${sound === 1 ? '' : 's'}, at least ${least} must be there`;
  return [{ code: 'count', about, words, hint: `lifeboat backup ${asset}` }];
}

/** Nobody should take a second one beside the first that is on its way. */
function noPointHint(facts: StatusFacts, asset: string): string {
  if (facts.taken?.has(asset) === true) return 'one is being taken now: look again when it is there';
  const stream = facts.streams?.get(asset);
  if (stream === undefined) return hintFor(facts, asset);
  return stream.waitsFor === undefined
    ? `the stream of ${asset} runs, and takes one as soon as it can: look again in a few seconds; where none comes its lines say why`
    : `the stream of ${asset} runs, and takes one when it can, but waits: ${stream.waitsFor}`;
}

/** What a stream was to bring a point does not bring back in time, and of a server that is gone none can be taken. */
function lossHint(facts: StatusFacts, asset: string, policy: Policy | undefined): string {
  const reaches = [...(facts.logs.get(asset)?.values() ?? [])];
  const isMeasured = reaches.some(({ from, behindMs }) => from === 'stream' || behindMs !== undefined);
  if (policy?.streams === undefined || isMeasured) return hintFor(facts, asset);
  const stream = facts.streams?.get(asset);
  if (stream?.waitsFor !== undefined) return `the stream of ${asset} runs, and waits: ${stream.waitsFor}`;
  if (stream !== undefined)
    return `the stream of ${asset} runs, and has not said yet what could be lost: look again in a few seconds`;
  return `no stream of ${asset} runs, as far as this machine knows: see whether its server answers (lifeboat check --live), then: lifeboat stream ${asset}`;
}

const hintFor = ({ outside }: StatusFacts, asset: string): string =>
  outside.has(asset) ? 'look after what makes the copies' : `lifeboat backup ${asset}`;
