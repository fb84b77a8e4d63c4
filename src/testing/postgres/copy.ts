import { join } from 'node:path';
import type { Asset, CaptureFacts, Entry, RestoredCopy } from '../../assets/index.ts';
import { postgresChecks, postgresKind, type PostgresSettings } from '../../assets/postgres/index.ts';
import { checkKinds } from '../../checks/index.ts';
import { Secret, silentProgress, systemClock } from '../../core/index.ts';
import { createRepository, type Point, type Repository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';

export const postgresAsset = (settings: PostgresSettings, baseFolder = '/'): Asset =>
  postgresKind.open('orders', settings, {
    baseFolder,
    clock: systemClock,
    checkKinds: [...checkKinds, ...postgresChecks],
  });

/** A real repository in a folder. */
export async function makeTestRepository(folder: string): Promise<Repository> {
  return createRepository(
    await openFsStore(folder, true),
    { passphrase: new Secret('a passphrase of tests'), age: [] },
    systemClock,
  );
}

export interface Taken {
  readonly facts: CaptureFacts;
  /** Writes the point into a new folder. */
  apply(target: string): Promise<void>;
  paths: readonly string[];
  readonly point: Point;
}

/** Captures into the repository, as a backup does. `seen` is called before each entry is stored. */
export async function take(
  asset: Asset,
  repository: Repository,
  options: { seen?: (entry: Entry) => void | Promise<void>; signal?: AbortSignal; previous?: Point } = {},
): Promise<Taken> {
  const writer = await repository.write({
    asset: asset.name,
    assetType: asset.type,
    clock: systemClock,
    host: 'here',
    ...(options.previous === undefined ? {} : { previous: options.previous }),
  });
  const capture = asset.capture({
    progress: silentProgress,
    scratch: '/nonexistent',
    readSoFar: async () => void (await writer.settle()),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const paths: string[] = [];
  try {
    for (;;) {
      const step = await capture.next();
      if (step.done === true) {
        const point = await writer.commit(step.value, { planHash: 'hash', tool: 'test' });
        const apply = async (target: string): Promise<void> =>
          asset.apply(await repository.contents(point), target, { progress: silentProgress });
        return { facts: step.value, apply, paths, point };
      }
      paths.push(step.value.path);
      await options.seen?.(step.value);
      await writer.add(step.value);
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await capture.return(undefined as never);
  }
}

/** Restores beside, starts, works and stops: the copy is gone from the machine's processes afterwards. */
export async function withCopy<T>(
  asset: Asset,
  taken: Taken,
  folder: string,
  work: (copy: RestoredCopy) => Promise<T>,
): Promise<T> {
  const target = join(folder, `copy-${systemClock.elapsed().toFixed(0)}`);
  await taken.apply(target);
  const copy = await asset.start(target, { facts: taken.facts.facts, stay: false });
  try {
    return await work(copy);
  } finally {
    await copy.stop();
  }
}
