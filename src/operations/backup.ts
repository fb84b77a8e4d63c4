import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset, CaptureFacts, SourceIdentity } from '../assets/index.ts';
import { isLifeboatError, LifeboatError, limits, toLifeboatError, type ErrorCode } from '../core/index.ts';
import { holdLock, type Lock } from '../journal/index.ts';
import { startThreads, type Damage, type Point, type PointWriter, type Repository } from '../repository/index.ts';
import { backupLockFile } from './being-taken.ts';
import type { BackupReport, Workspace } from './contract.ts';
import { tryExtendLocks } from './retention/locks.ts';
import { mustBeOurs } from './outside-points.ts';
import { otherLifeBehind } from './streaming/other-life.ts';
import { previousPoint } from './previous-point.ts';
import { replicate, type CopyReport } from './replication/replicate.ts';
import { copiesOf, storesOf } from './stores-of.ts';

/**
 * Takes one point of an asset in each store of its policy: the one way a backup happens. A point is visible only when it is
 * whole and was read back, a sample of what the store had already included; after any failure or crash nothing is visible and the next backup works.
 * Throws `operation.busy` if this asset is being backed up already, and the errors of asset, store and repository.
 */
export async function backup(workspace: Workspace, assetName: string, signal?: AbortSignal): Promise<BackupReport[]> {
  const { reports, failures } = await backupEverywhere(workspace, assetName, signal);
  // The journal tells of copies that failed, and `status` of those that are late.
  await copyPoints(workspace, reports, signal);
  if (failures[0] !== undefined) throw failures[0];
  return reports;
}

/**
 * As `backup`, for those who show what worked beside what did not: every store is tried, or each of those that are named. Copies are another matter
 * (`copyPoints`).
 */
export async function backupEverywhere(
  workspace: Workspace,
  assetName: string,
  signal?: AbortSignal,
  stores: readonly string[] = storesOf(workspace.plan, assetName),
): Promise<{ reports: BackupReport[]; failures: LifeboatError[] }> {
  const lock = await holdBackups(workspace, assetName);
  try {
    const reports: BackupReport[] = [];
    const failures: LifeboatError[] = [];
    for (const store of stores) {
      try {
        reports.push(await backupTo(workspace, assetName, store, signal));
        // The point is there; a lock that could not be extended is in the journal, and `check --live` finds it.
        await tryExtendLocks(workspace, store, signal);
      } catch (error) {
        failures.push(toLifeboatError(error));
        // A store that is away must not keep the others from getting their point; a stop on request must.
        if (signal?.aborted) break;
      }
    }
    return { reports, failures };
  } finally {
    lock.release();
  }
}

/**
 * Who holds this is the only one on this machine that takes points of the asset, in one store or several at once (`backupTo`). Throws `operation.busy`.
 */
export async function holdBackups(workspace: Workspace, asset: string): Promise<Lock> {
  workspace.asset(asset);
  mustBeOurs(workspace, asset);
  const lock = holdLock(backupLockFile(workspace.stateFolder, asset), `backup of ${asset}`);
  try {
    // A killed backup may have left a copy of a database here.
    await rm(join(workspace.stateFolder, 'scratch', asset), { recursive: true, force: true });
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Copies the points that were just taken to where their policies want copies, or to those of these stores that are named. A copy that fails is no failure of the point: it is told
 * beside, and the next one, or `store replicate`, makes up for it.
 */
export async function copyPoints(
  workspace: Workspace,
  reports: readonly Pick<BackupReport, 'asset' | 'store'>[],
  signal?: AbortSignal,
  stores?: readonly string[],
): Promise<{ copies: CopyReport[]; failures: LifeboatError[] }> {
  const copies: CopyReport[] = [];
  const failures: LifeboatError[] = [];
  // The first store that has the point of an asset is the one that is copied.
  const first = new Map(reports.toReversed().map(({ asset, store }) => [asset, store]));
  const pairs = new Map<string, { from: string; to: string }>();
  for (const [asset, from] of first)
    for (const to of copiesOf(workspace.plan, asset))
      if (stores?.includes(to) !== false) pairs.set(`${from} ${to}`, { from, to });
  for (const pair of pairs.values()) {
    if (signal?.aborted) break;
    try {
      copies.push(await replicate(workspace, { ...pair, ...(signal === undefined ? {} : { signal }) }));
    } catch (error) {
      failures.push(toLifeboatError(error));
    }
  }
  return { copies, failures };
}

/** One point in one store, for who holds the backups of the asset. Throws the errors of asset, store and repository. */
export async function backupTo(
  workspace: Workspace,
  assetName: string,
  store: string,
  signal: AbortSignal | undefined,
): Promise<BackupReport> {
  const { journal } = workspace;
  const asset = workspace.asset(assetName);
  const intent = journal.append('backup.started', { asset: asset.name, store });
  try {
    const { repository, identity } = await openBoth(workspace, asset, store, signal);
    const { point, facts, damage } = await takeSoundPoint(workspace, asset, store, repository, identity, signal);
    const left = await otherLifeBehind(workspace, store, point, signal);
    const warnings = [...facts.warnings, ...damage.map(damageSentence), ...(left === undefined ? [] : [left])];
    const report = { asset: asset.name, store, point, warnings };
    journal.append('backup.finished', { intent: intent.sequence, ...recordOf(report) });
    return report;
  } catch (error) {
    const failure = toLifeboatError(error);
    journal.append('backup.failed', { intent: intent.sequence, asset: asset.name, store, error: failure.toJSON() });
    throw failure;
  }
}

/** The store and the source at the same time: a key made of a passphrase takes its while, and so may either of them to answer. */
async function openBoth(
  workspace: Workspace,
  asset: Asset,
  store: string,
  signal: AbortSignal | undefined,
): Promise<{ repository: Repository; identity: SourceIdentity }> {
  const opening = workspace.repository(store);
  const identifying = asset.identify(signal === undefined ? {} : { signal }).then((identity) => {
    startThreads(identity.bytes ?? 0);
    return identity;
  });
  const [repository, identity] = await Promise.allSettled([opening, identifying]);
  if (repository.status === 'rejected') throw repository.reason;
  if (identity.status === 'rejected') throw identity.reason;
  return { repository: repository.value, identity: identity.value };
}

/**
 * Where content that the store had already turns out damaged when it is read back, the point is taken again and the content
 * stored once more. Returns the damage that was met on the way.
 */
async function takeSoundPoint(
  workspace: Workspace,
  asset: Asset,
  store: string,
  repository: Repository,
  identity: SourceIdentity,
  signal: AbortSignal | undefined,
): Promise<{ point: Point; facts: CaptureFacts; damage: Damage[] }> {
  const distrust = damagedObjects(workspace, store);
  const met: Damage[] = [];
  for (let attempt = 1; ; attempt += 1) {
    try {
      const taken = await takePoint(workspace, asset, store, repository, identity, distrust, signal);
      return { ...taken, damage: met };
    } catch (error) {
      const found = firstFindings(repository.damage()).filter(({ object }) => !distrust.has(object));
      if (!isLifeboatError(error) || !damageCodes.includes(error.code) || found.length === 0) throw error;
      // Recorded at once: whatever becomes of this backup, no later one may rest on these objects.
      workspace.journal.append('backup.damage', { asset: asset.name, store, damage: found });
      if (attempt === limits.backupAttemptsMax) throw error;
      met.push(...found);
      for (const { object } of found) distrust.add(object);
    }
  }
}

/** One finding for each object is enough to distrust it. */
const firstFindings = (damage: readonly Damage[]): Damage[] => [
  ...new Map(damage.toReversed().map((one) => [one.object, one])).values(),
];

const damageCodes: readonly ErrorCode[] = ['repository.damaged', 'repository.incomplete', 'repository.unreadable'];

const damageSentence = ({ object, what, code }: Damage): string =>
  `${object}: ${what} [${code}]; what the point needs of it was stored again, other points may have lost it: run lifeboat verify`;

async function takePoint(
  workspace: Workspace,
  asset: Asset,
  store: string,
  repository: Repository,
  identity: SourceIdentity,
  distrust: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<{ point: Point; facts: CaptureFacts }> {
  const { clock, host, progress } = workspace;
  const scratch = join(workspace.stateFolder, 'scratch', asset.name, store);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const before = { asset: asset.name, store, source: identity.id, distrust };
  const previous = await previousPoint(workspace, repository, before);
  const writer = await repository.write({
    asset: asset.name,
    assetType: asset.type,
    clock,
    host,
    progress,
    distrust,
    ...(previous === undefined ? {} : { previous }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const facts = await addAll(workspace, asset, identity, writer, scratch, signal);
    progress.phase(`${asset.name}: making the point durable`);
    const point = await writer.commit(facts, { planHash: workspace.plan.hash, tool: workspace.tool });
    return { point, facts };
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * What was found damaged in the store, by verifications and by backups that read back: points made from now on must not rest
 * on it. Only a verification of every byte takes an object off the list; one of some points never looked at the others.
 */
export function damagedObjects({ journal }: Workspace, store: string): Set<string> {
  let objects = new Set<string>();
  for (const { data } of journal.records({ kinds: ['verify.finished', 'backup.damage'] })) {
    if (data['store'] !== store) continue;
    if (data['depth'] === 'everything') objects = new Set();
    for (const { object } of data['damage'] as { object: string }[]) objects.add(object);
  }
  return objects;
}

async function addAll(
  workspace: Workspace,
  asset: Asset,
  identity: SourceIdentity,
  writer: PointWriter,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<CaptureFacts> {
  const { progress } = workspace;
  progress.phase(`${asset.name}: backing up`, identity.bytes === undefined ? {} : { bytes: identity.bytes });
  const readSoFar = async (): Promise<void> => void (await writer.settle());
  const capture = asset.capture({ progress, scratch, readSoFar, ...(signal === undefined ? {} : { signal }) });
  try {
    for (;;) {
      if (signal?.aborted) throw new LifeboatError('operation.cancelled', `the backup of ${asset.name} was stopped`);
      const step = await capture.next();
      if (step.done) {
        // Files come and go in a busy folder. If the whole source went away, it must not pass for one that got smaller.
        if ((await writer.settle()).vanished.length > 0) await asset.identify(signal === undefined ? {} : { signal });
        return step.value;
      }
      await writer.add(step.value);
    }
  } finally {
    // Ends the capture's session and removes what it holds; after a normal end this does nothing.
    await capture.return(undefined as never);
  }
}

const recordOf = ({ asset, store, point, warnings }: BackupReport): Record<string, unknown> => ({
  asset,
  store,
  point: point.id,
  pointAt: point.atMs,
  kind: point.kind,
  bytes: point.bytes,
  storedBytes: point.storedBytes,
  files: point.files,
  seconds: point.seconds,
  warnings,
});
