import { Secret, timeId } from '../../src/core/index.ts';
import { runDrill } from '../../src/drills/index.ts';
import { runnerTools, type OpenWorkspace } from '../../src/app/index.ts';
import type { PastRecord } from '../../src/journal/testing/many-records.ts';
import type { BackupReport } from '../../src/operations/index.ts';
import { pointsLike } from '../../src/repository/testing/points-like.ts';
import { openFsStore } from '../../src/stores/fs/index.ts';

export interface Size {
  readonly assets: number;
  readonly pointsEach: number;
  readonly runs: number;
}

const dayMs = 86_400_000;

/** Before each of these points one for each day, in the store; the records say when each was taken, and that it was copied. */
export async function olderPoints(
  folder: string,
  reports: readonly BackupReport[],
  { pointsEach }: Size,
): Promise<PastRecord[]> {
  const days = Array.from({ length: pointsEach - 1 }, (_, at) => (at + 1) * dayMs);
  const like = reports.map(({ point: { id, atMs } }) => ({ id, atMs: days.map((ms) => atMs - ms) }));
  const unlock = { passphrase: new Secret('a passphrase for tests') };
  const older = await pointsLike(await openFsStore(folder, false), unlock, like);
  const taken = older.map(({ id, asset, kind, atMs, bytes, storedBytes, files, seconds }) => ({
    atMs,
    kind: 'backup.finished',
    data: { asset, store: 'near', point: id, pointAt: atMs, kind, bytes, storedBytes, files, seconds, warnings: [] },
  }));
  const all = [...reports.map(({ point }) => point), ...older];
  const copied = [...Map.groupBy(all, ({ atMs }) => Math.floor(atMs / dayMs)).values()].map((points) => ({
    atMs: Math.max(...points.map(({ atMs }) => atMs)),
    kind: 'copy.finished',
    data: { from: 'near', to: 'far', points: points.map(({ id }) => id), bytes: 0, seconds: 1 },
  }));
  return [...taken, ...copied];
}

/** One drill that takes place, and the records of so many others that went as it did, three hours apart. */
export async function olderRuns(workspace: OpenWorkspace, { runs }: Size): Promise<PastRecord[]> {
  const drill = workspace.plan.drills.get('rehearsal');
  if (drill === undefined) throw new Error('the plan has no rehearsal');
  const { run, verdict, criteria } = await runDrill({ drill, tools: runnerTools(workspace) });
  if (verdict !== 'pass') throw new Error(`the rehearsal did not pass: ${JSON.stringify(criteria)}`);
  const records = workspace.journal.records({ run });
  const [firstMs, lastMs] = [records[0]?.atMs ?? 0, records.at(-1)?.atMs ?? 0];
  return Array.from({ length: runs - 1 }, (_, at) => (at + 1) * 3 * 3_600_000).flatMap((earlierMs) => {
    const id = timeId(firstMs - earlierMs);
    // Moments stand in records as numbers and as texts; both move.
    const moved = (_: string, value: unknown): unknown => {
      if (typeof value === 'number' && value >= firstMs - 60_000 && value <= lastMs + 60_000) return value - earlierMs;
      return value === run ? id : value;
    };
    return records.map(({ atMs, kind, data }) => ({
      atMs: atMs - earlierMs,
      kind,
      run: id,
      data: JSON.parse(JSON.stringify(data), moved) as Record<string, unknown>,
    }));
  });
}
