import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type {
  TableChange,
  TableFigures,
  TableKeeping,
  TableNeeds,
  TableOutlook,
  TableRequest,
  TableResult,
} from '../../assets/index.ts';
import {
  endProcesses,
  formatBytes,
  formatDuration,
  isLifeboatError,
  LifeboatError,
  timeId,
  toLifeboatError,
} from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { RestorePlan, RestoreReport, RestoreRequest, Workspace } from '../contract.ts';
import { isOutsidePoint } from '../outside-points.ts';
import { expectedOfTables, touchedBy, type TableParts } from './expected-tables.ts';
import type { ExpectedTime } from './expected-time.ts';
import { planRestore, restore } from './restore.ts';
import { recordDone } from './record-done.ts';
import { isThere, notSayingWhere, removeLeftovers } from './staging.ts';

export interface RestoreTablesRequest {
  /** What the sandbox is restored from. */
  readonly from: Pick<RestoreRequest, 'asset' | 'point' | 'atMs' | 'recover' | 'store' | 'signal'>;
  readonly tables: TableRequest;
  /** Where the sandbox is made meanwhile; default: beside the file, else in the folder of state. */
  readonly sandboxFolder?: string;
  /** Default: in the folder of state. */
  readonly beforeImage?: string;
  readonly dryRun: boolean;
}

export interface TablesReport {
  readonly plan: RestorePlan;
  readonly outlook: TableOutlook;
  readonly tables: readonly TableFigures[];
  /** Undefined after a dry run. */
  readonly result: TableResult | undefined;
  /** Only of a dry run: why the same without it would be refused, whose figures these are. */
  readonly refusal: LifeboatError | undefined;
  /** Of the file that was written, or would be; undefined: the target is a server. */
  readonly fileBytes: number | undefined;
  /** Of the file; undefined: the target is a server. */
  readonly needs: TableNeeds | undefined;
  readonly restored: RestoreReport;
  readonly warnings: readonly string[];
  /** Where the point was restored meanwhile, and what it took there; the log at most. */
  readonly sandbox: { readonly folder: string; readonly bytes: number; readonly logBytes: number };
  /** Only of a dry run into a server: what would be kept first, in which file; without a file where nothing is replaced. */
  readonly keeps?: { readonly file: string | undefined; readonly rows: number; readonly bytes: number };
  /** Only of a dry run. */
  readonly expected?: ExpectedTime;
  readonly seconds: number;
}

/** The same look at target and point that the restore begins with; changes nothing. Throws what would stop it. */
export async function lookAtTables(
  workspace: Workspace,
  request: RestoreTablesRequest,
): Promise<{ plan: RestorePlan; outlook: TableOutlook }> {
  const keeping = keepingOf(workspace, request.from.asset);
  const folder = await folderOf(workspace, request);
  const plan = await planRestore(workspace, { ...request.from, target: join(folder, 'looked-at'), ...quietly });
  await plan.replay?.close();
  if (isOutsidePoint(plan.point)) throw withoutTables(request.from.asset, 'kept by others');
  const repository = await workspace.repository(plan.store);
  const contents = await repository.contents(plan.point, optionsOf(workspace, request));
  return { plan, outlook: await keeping.look(request.tables, contents, optionsOf(workspace, request)) };
}

/**
 * Brings single tables back: the point is restored into a sandbox and checked there like every restore, the tables are compared with the target,
 * and everything is changed in one transaction or nothing is. The sandbox goes in any case. With `dryRun` all of it happens but the change, so that
 * the figures are exact. Throws the errors of `restore` and of `TableKeeping`.
 */
export async function restoreTables(workspace: Workspace, request: RestoreTablesRequest): Promise<TablesReport> {
  const { clock, journal } = workspace;
  const keeping = keepingOf(workspace, request.from.asset);
  const folder = await folderOf(workspace, request);
  await removeSandboxes(workspace);
  const { plan, outlook } = await lookAtTables(workspace, request);
  for (const doubt of outlook.doubts) workspace.progress.note(`${doubt}, ${sandboxWords(plan, folder)}`);
  const startedMs = clock.elapsed();
  const name = timeId(clock.now());
  const sandbox = join(folder, `.lifeboat-tables-${name}`);
  const lock = holdLock(lockOf(workspace, sandbox), `sandbox ${sandbox}`);
  const { asset } = request.from;
  const { tables, existing } = request.tables;
  const intent = journal.append('tables.started', {
    asset,
    tables,
    existing,
    dryRun: request.dryRun,
    sandbox,
    ...outlook,
  });
  try {
    const restored = await restoreInto(workspace, request, sandbox);
    const took = { folder, bytes: restored.plan.bytes, logBytes: restored.plan.replay?.bytes ?? 0 };
    const image = resolve(request.beforeImage ?? join(workspace.stateFolder, 'before-images', `${asset}-${name}.sql`));
    const before = (): void =>
      void journal.append('tables.changing', { intent: intent.sequence, asset, beforeImage: image });
    const done = await changeIn(workspace, request, { keeping, restored, image, before });
    const seconds = (clock.elapsed() - startedMs) / 1000;
    const warnings = [...done.warnings];
    const { changeSeconds, ...found } = done;
    const ahead = request.dryRun ? aheadOf(workspace, request, { ...found, image, seconds }) : {};
    const report = { plan: restored.plan, outlook, restored, sandbox: took, ...found, ...ahead, warnings, seconds };
    const changedBytes = touchedBy(found.tables, existing).bytes;
    const parts: TableParts = { look: seconds - changeSeconds, change: changeSeconds, changedBytes };
    const record = { intent: intent.sequence, ...recordOf(report), parts };
    recordDone(journal, 'tables.finished', record, (sentence) => void warnings.push(sentence));
    return report;
  } catch (error) {
    journal.append('tables.failed', { intent: intent.sequence, asset, error: toLifeboatError(error).toJSON() });
    throw error;
  } finally {
    await removeSandbox(sandbox);
    lock.release();
  }
}

/** What it costs to know more. */
function sandboxWords({ bytes, secondsExpected }: RestorePlan, folder: string): string {
  const lasts = secondsExpected === undefined ? '' : `, in about ${formatDuration(secondsExpected * 1000)}`;
  return `${formatBytes(bytes)} into ${folder}${lasts}`;
}

async function restoreInto(
  workspace: Workspace,
  request: RestoreTablesRequest,
  sandbox: string,
): Promise<RestoreReport> {
  await mkdir(sandbox, { mode: 0o711 });
  try {
    return await restore(workspace, { ...request.from, target: join(sandbox, 'data'), ...quietly });
  } catch (error) {
    // The sandbox is removed.
    throw notSayingWhere(error);
  }
}

async function changeIn(
  workspace: Workspace,
  request: RestoreTablesRequest,
  {
    keeping,
    restored,
    image,
    before,
  }: { keeping: TableKeeping; restored: RestoreReport; image: string; before: () => void },
): Promise<
  Pick<TablesReport, 'tables' | 'result' | 'refusal' | 'fileBytes' | 'needs' | 'warnings'> & { changeSeconds: number }
> {
  const { target, point } = restored.plan;
  let change: TableChange | undefined;
  try {
    change = await keeping.open(target, point.facts.facts, request.tables, optionsOf(workspace, request));
    const { refusal } = change;
    if (!request.dryRun && refusal !== undefined) throw refusal;
    if (!request.dryRun) before();
    const { clock } = workspace;
    const startedMs = clock.elapsed();
    const result = request.dryRun ? undefined : await change.apply(image);
    const changeSeconds = (clock.elapsed() - startedMs) / 1000;
    const fileBytes = request.dryRun ? await change.fileBytes?.() : result?.fileBytes;
    const warnings = [...restored.warnings, ...change.warnings];
    return { tables: change.tables, result, refusal, fileBytes, needs: change.needs, warnings, changeSeconds };
  } finally {
    await change?.close();
  }
}

/** A file is made once by the look itself, which takes as long. */
function aheadOf(
  workspace: Workspace,
  { from: { asset }, tables: { existing, target } }: RestoreTablesRequest,
  { tables, image, seconds }: { tables: readonly TableFigures[]; image: string; seconds: number },
): Pick<TablesReport, 'keeps' | 'expected'> {
  if ('file' in target) return { expected: { seconds, from: 'as long as this look, which made the file once' } };
  const { bytes, replaced } = touchedBy(tables, existing);
  return {
    keeps: { file: replaced.rows === 0 ? undefined : image, ...replaced },
    expected: expectedOfTables(workspace, asset, bytes, seconds),
  };
}

/** The server of a sandbox is of use to nobody who does not know of it. */
const quietly = { start: false, stay: false } as const;

function keepingOf(workspace: Workspace, name: string): TableKeeping {
  const asset = workspace.asset(name);
  if (asset.tables !== undefined) return asset.tables;
  throw withoutTables(name, asset.type);
}

const withoutTables = (name: string, type: string): LifeboatError =>
  new LifeboatError('input.flag', `--table means nothing for ${name}, which is ${type}`, {
    hint: 'Single tables come out of assets of type postgres. Restore all of it: leave --table out.',
  });

async function folderOf({ stateFolder }: Workspace, request: RestoreTablesRequest): Promise<string> {
  if (request.sandboxFolder !== undefined) return resolve(request.sandboxFolder);
  const { target } = request.tables;
  if ('file' in target) return dirname(resolve(target.file));
  const folder = join(stateFolder, 'sandboxes');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  return folder;
}

const optionsOf = ({ progress }: Workspace, { from: { signal } }: RestoreTablesRequest) => ({
  progress,
  ...(signal === undefined ? {} : { signal }),
});

const lockOf = ({ stateFolder }: Workspace, sandbox: string): string =>
  join(stateFolder, 'locks', `tables-${sandbox.slice(sandbox.lastIndexOf('-') + 1)}`);

/** What killed processes left: each holds the lock of its sandbox while it lives. */
async function removeSandboxes(workspace: Workspace): Promise<void> {
  const { journal } = workspace;
  const of = (...kinds: string[]): Map<number, Record<string, unknown>> =>
    new Map(journal.records({ kinds, own: true }).map(({ data }) => [Number(data['intent']), data]));
  const ended = of('tables.finished', 'tables.failed', 'tables.interrupted');
  const changing = of('tables.changing');
  for (const { sequence, data } of journal.records({ kinds: ['tables.started'], own: true })) {
    if (ended.has(sequence)) continue;
    const sandbox = String(data['sandbox']);
    try {
      const lock = holdLock(lockOf(workspace, sandbox), `removal of ${sandbox}`);
      try {
        if (await isThere(sandbox)) await removeLeftovers(workspace, join(sandbox, 'data'));
        await removeSandbox(sandbox);
      } finally {
        lock.release();
      }
    } catch (error) {
      if (isLifeboatError(error, 'operation.busy')) continue; // its process lives
      throw error;
    }
    const ending = { intent: sequence, asset: data['asset'] };
    const change = changing.get(sequence);
    if (change === undefined) {
      const error = { code: 'operation.cancelled', message: 'its process ended; its sandbox was removed' };
      journal.append('tables.failed', { ...ending, error });
    } else {
      const reason = 'its process ended while the tables were changed, which is all done or not at all: look at them';
      journal.append('tables.interrupted', { ...ending, beforeImage: change['beforeImage'], reason });
    }
  }
}

async function removeSandbox(sandbox: string): Promise<void> {
  await endProcesses(({ folder }) => folder !== undefined && (folder === sandbox || folder.startsWith(`${sandbox}/`)));
  await rm(sandbox, { recursive: true, force: true });
}

const recordOf = ({ plan, tables, result, warnings, seconds }: TablesReport): Record<string, unknown> => ({
  asset: plan.request.asset,
  point: plan.point.id,
  pointAt: plan.point.atMs,
  store: plan.store,
  tables,
  result: result ?? null,
  warnings,
  seconds,
});
