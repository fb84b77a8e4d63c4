import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkKinds } from '../../../checks/index.ts';
import { runProcess, silentProgress, systemClock } from '../../../core/index.ts';
import type { Asset, OutsidePoint, RestoredCopy } from '../../asset.ts';
import { filesForm, filesKind } from '../../files/index.ts';
import { postgresForm, postgresKind } from '../../postgres/index.ts';
import { sqliteForm, sqliteKind } from '../../sqlite/index.ts';
import { othersS3Bucket } from '../../../stores/s3/index.ts';
import { MemoryPoint } from '../../testing/memory-point.ts';
import { externalKind } from '../index.ts';

const kind = externalKind(
  [
    { form: postgresForm, kind: postgresKind },
    { form: sqliteForm, kind: sqliteKind },
    { form: filesForm, kind: filesKind },
  ],
  othersS3Bucket,
);

/** An external asset from its settings as the plan has them. */
export const openExternal = (settings: object, baseFolder: string): Asset & Required<Pick<Asset, 'outside'>> =>
  kind.open('theirs', kind.schema.parse(settings), { baseFolder, clock: systemClock, checkKinds }) as Asset &
    Required<Pick<Asset, 'outside'>>;

/** Restores a copy, gives it to `work` while it runs, and stops it. */
export async function withRestored<T>(
  asset: Asset,
  point: OutsidePoint | undefined,
  work: (copy: RestoredCopy, warnings: string[]) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const facts = { outside: point?.id ?? 'none' };
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-external-'));
  await chmod(folder, 0o711);
  const staging = join(folder, 'restored');
  const warnings: string[] = [];
  try {
    await asset.apply(new MemoryPoint(facts, [], new Map()), staging, {
      progress: silentProgress,
      warn: (sentence) => void warnings.push(sentence),
      ...(signal === undefined ? {} : { signal }),
    });
    const copy = await asset.start(staging, { facts, stay: false });
    try {
      return await work(copy, warnings);
    } finally {
      await copy.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const hasProgram = async (name: string): Promise<boolean> =>
  (await runProcess(['sh', '-c', `command -v ${name}`])).exitCode === 0;
