import { join, resolve } from 'node:path';
import type { Asset, PointContents, Replay, RestoredCopy } from '../../assets/index.ts';
import type { CheckResult } from '../../checks/index.ts';
import { freePort, LifeboatError, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { Damage, Point } from '../../repository/index.ts';
import { isOutsidePoint, nothingButFacts } from '../outside-points.ts';
import { failingOver, type Changeover, type Replica } from '../../stores/index.ts';
import { expectedTime, type RestoreParts } from './expected-time.ts';
import { hashOfAsset } from './asset-hash.ts';
import { chooseReadable } from './choose-readable.ts';
import { isPointAlone } from './choose-replay.ts';
import type { RestorePlan, RestoreReport, RestoreRequest, Workspace } from '../contract.ts';
import { laterTexts } from './later-lives.ts';
import { noteChecked, recordDone } from './record-done.ts';
import { handOver, lockNameOf, removeLeftovers, sayingWhere, setAside, stagingOf } from './staging.ts';
import { timelinesTaken } from './timelines-taken.ts';
import { preflight, restoredBytes, type RestoredBytes } from './preflight.ts';

/** Chooses the point and looks at the target; changes nothing. Throws what would stop the restore. */
export const planRestore = (workspace: Workspace, request: RestoreRequest): Promise<RestorePlan> =>
  planRestoreOnto(workspace, request, async (asset, target, bytes) => {
    const doubt = await preflight(asset, target, bytes);
    if (doubt !== undefined) workspace.progress.note(doubt);
  });

/** As `planRestore`, for a target that is looked at in another way. */
export async function planRestoreOnto(
  workspace: Workspace,
  request: RestoreRequest,
  lookAt: (asset: Asset, target: string, bytes: RestoredBytes, point: Point) => Promise<void>,
): Promise<RestorePlan> {
  const target = resolve(request.target);
  const { replay, choice } = await chooseReadable(workspace, request);
  const { point, store, others, rejected, damage, unanswered } = choice;
  if (request.start && request.port !== undefined) await freePort(request.port);
  const asset = workspace.asset(request.asset);
  await lookAt(asset, target, restoredBytes(asset, point, replay), point);
  const expected = expectedTime(workspace, request.asset, point.bytes, replay?.bytesExpected ?? 0);
  const starts = await asset.starts?.(point.facts.facts);
  return {
    request,
    store,
    others,
    point,
    target,
    bytes: point.bytes,
    files: point.files,
    secondsExpected: expected?.seconds,
    expectedFrom: expected?.from,
    starts,
    rejected,
    damage,
    replay,
    alone: aloneOf(asset, request, replay),
    unanswered,
  };
}

function aloneOf({ log }: Asset, request: RestoreRequest, replay: Replay | undefined): RestorePlan['alone'] {
  if (log === undefined || replay !== undefined) return undefined;
  return isPointAlone(request) ? 'named' : 'no log';
}

/**
 * Restores a point beside, never over: into a fresh place next to the target, checked there by the asset itself, then handed
 * over by one rename. Until then the target is untouched; a crash leaves only the fresh place, which the next restore removes.
 * Throws the errors of `planRestore`, `restore.check_failed`, and those of asset and repository.
 */
export async function restore(workspace: Workspace, request: RestoreRequest): Promise<RestoreReport> {
  const target = resolve(request.target);
  const lock = holdLock(join(workspace.stateFolder, 'locks', lockNameOf(target)), `restore to ${target}`);
  try {
    await removeLeftovers(workspace, target);
    const plan = await planRestore(workspace, { ...request, target });
    return await execute(workspace, plan);
  } finally {
    lock.release();
  }
}

async function execute(workspace: Workspace, plan: RestorePlan): Promise<RestoreReport> {
  const { clock, journal } = workspace;
  const { asset: name } = plan.request;
  const asset = workspace.asset(name);
  const staging = stagingOf(plan.target, clock);
  const startedMs = clock.elapsed();
  const intent = journal.append('restore.started', {
    asset: name,
    point: plan.point.id,
    store: plan.store,
    target: plan.target,
    staging,
  });
  try {
    const changeovers: Changeover[] = [];
    const taken = timelinesTaken(workspace, plan);
    const contents = await readPoint(workspace, plan, changeovers);
    const warnings: string[] = plan.replay === undefined ? [] : laterTexts(plan.replay);
    const warn = (sentence: string): void => void warnings.push(sentence);
    await asset.apply(contents, staging, {
      progress: workspace.progress,
      warn,
      ...replayOf(plan),
      ...signalOf(plan.request),
    });
    const writtenMs = clock.elapsed() - startedMs;
    const tried = await tryOut(workspace, asset, plan, { staging, taken });
    noteChecked(journal, { intent: intent.sequence, asset: name, point: plan.point.id, target: plan.target });
    await handOver(staging, plan.target, warn);
    const copy = plan.request.start ? await startAtTarget(workspace, asset, plan) : undefined;
    const damage = [...plan.damage, ...contents.damage()];
    const seconds = (clock.elapsed() - startedMs) / 1000;
    const { checks } = tried;
    const report = {
      plan,
      seconds,
      checks,
      reached: reachedOf(plan, tried.reached, copy?.reached),
      copy,
      damage,
      changeovers,
      warnings,
    };
    const record = {
      intent: intent.sequence,
      ...recordOf(report),
      parts: { write: writtenMs / 1000, start: tried.startedMs / 1000 } satisfies RestoreParts,
      replayed: plan.replay?.replayed() ?? null,
      // What it proves holds for these: `status` falls back when one of them changed.
      tool: workspace.tool,
      assetHash: hashOfAsset(workspace.plan, name),
    };
    recordDone(journal, 'restore.finished', record, warn);
    return report;
  } catch (error) {
    const aside = await setAside(staging, plan.target, error);
    const failure = aside === undefined ? error : sayingWhere(toLifeboatError(error), aside, plan.target);
    journal.append('restore.failed', {
      intent: intent.sequence,
      asset: name,
      store: plan.store,
      aside,
      error: toLifeboatError(failure).toJSON(),
    });
    throw failure;
  } finally {
    await plan.replay?.close();
  }
}

/** What replay reached the first start says; the second one adds nothing to it. */
export const reachedOf = (plan: RestorePlan, first: RestoreReport['reached'], second: RestoreReport['reached']) =>
  plan.replay === undefined ? (second ?? first) : first;

/** Reads from each store that has it, the first that is whole. */
export async function readPoint(
  workspace: Workspace,
  { point, store, others, request }: RestorePlan,
  changeovers: Changeover[],
): Promise<PointContents & { damage(): Damage[] }> {
  const { progress } = workspace;
  progress.phase(`${request.asset}: restoring ${point.id}`, { bytes: point.bytes });
  if (isOutsidePoint(point)) return nothingButFacts(point);
  const replicas = await replicasOf(workspace, [store, ...others]);
  const first = await workspace.repository(store);
  const changed = (change: Changeover): void => {
    changeovers.push(change);
    progress.note(changeoverSentence(change));
  };
  const repository = replicas.length === 1 ? first : first.over(failingOver(replicas, changed));
  return repository.contents(point, { progress, ...signalOf(request) });
}

export const changeoverSentence = ({ from, to, object, reason }: Changeover): string =>
  `${object ?? 'everything'} is read from ${to} instead of ${from}: ${reason}`;

/** Objects of one repository are the same in each of its stores; two repositories have nothing in common. */
async function replicasOf(workspace: Workspace, stores: readonly string[]): Promise<Replica[]> {
  const { id } = await workspace.repository(stores[0] as string);
  const replicas: Replica[] = [];
  for (const name of stores) {
    if ((await workspace.repository(name)).id === id) replicas.push({ name, store: await workspace.place(name) });
  }
  return replicas;
}

/** Brings the copy to life where nobody sees it, asks it, and stops it again. `taken`: see `timelinesTaken`, which is asked while the copy is written. */
export async function tryOut(
  workspace: Workspace,
  asset: Asset,
  plan: RestorePlan,
  { staging, taken }: { readonly staging: string; readonly taken: Promise<readonly number[]> },
): Promise<{ checks: CheckResult[]; reached: RestoredCopy['reached']; startedMs: number }> {
  workspace.progress.phase(`${asset.name}: checking`);
  const { facts } = plan.point.facts;
  const life = { timelinesTaken: await taken, ...replayOf(plan) };
  const beginMs = workspace.clock.elapsed();
  const copy = await asset.start(staging, { facts, stay: false, ...life, ...signalOf(plan.request) });
  const startedMs = workspace.clock.elapsed() - beginMs;
  try {
    const checks = await mustBeGreen(workspace, asset, copy, plan);
    return { checks, reached: copy.reached, startedMs };
  } finally {
    await copy.stop();
  }
}

async function startAtTarget(workspace: Workspace, asset: Asset, plan: RestorePlan): Promise<RestoredCopy> {
  const { request, point, target } = plan;
  const copy = await asset.start(target, {
    facts: point.facts.facts,
    stay: request.stay,
    ...(request.port === undefined ? {} : { port: request.port }),
    ...signalOf(request),
  });
  try {
    // What people will use is asked once more: a green copy in staging says nothing of the server at the target.
    await mustBeGreen(workspace, asset, copy, plan);
    return copy;
  } catch (error) {
    await copy.stop();
    throw error;
  }
}

async function mustBeGreen(
  workspace: Workspace,
  asset: Asset,
  copy: RestoredCopy,
  plan: RestorePlan,
): Promise<CheckResult[]> {
  const declared = workspace.plan.assets.get(asset.name)?.checks ?? [];
  const options = { ...signalOf(plan.request), dataOfMs: dataOf(plan) };
  const checks = await asset.check({ url: copy.url }, declared, options);
  const red = checks.filter(({ ok }) => !ok);
  if (red.length === 0) return checks;
  const what = red.map(({ name, observed, expected }) => `${name}: ${observed}, expected ${expected}`).join('; ');
  throw new LifeboatError(
    'restore.check_failed',
    `${asset.name} restored from ${plan.point.id}, but ${red.length} of ${checks.length} checks are red: ${what}`,
    { hint: red.some(({ observed }) => /permission denied/.test(observed)) ? denied(asset) : earlier(asset) },
  );
}

const earlier = ({ name }: Asset): string => `Try an earlier point: lifeboat points ${name}.`;

const denied = ({ name }: Asset): string =>
  `The role in the url of ${name} may not read there. It has in the copy the rights that it had at that moment, so that a grant of today helps later points only (GRANT pg_read_all_data TO it): for this one name a superuser in the url.`;

/** What was asked for, or how far the log goes, or what the point holds. */
function dataOf({ request: { recover }, point, replay }: RestorePlan): number {
  if (recover?.kind === 'time') return recover.atMs;
  return (recover === undefined || recover.kind === 'now' ? replay?.reachableMs : undefined) ?? point.atMs;
}

export const replayOf = ({ replay }: RestorePlan): { replay?: Replay } => (replay === undefined ? {} : { replay });

const signalOf = ({ signal }: RestoreRequest): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

const recordOf = ({
  plan,
  seconds,
  checks,
  reached,
  copy,
  damage,
  changeovers,
  warnings,
}: RestoreReport): Record<string, unknown> => ({
  asset: plan.request.asset,
  point: plan.point.id,
  pointAt: plan.point.atMs,
  store: plan.store,
  target: plan.target,
  bytes: plan.bytes,
  files: plan.files,
  seconds,
  checks,
  reached: reached ?? null,
  url: copy?.shownUrl ?? null,
  damage,
  changeovers,
  warnings,
  unanswered: plan.unanswered,
});
