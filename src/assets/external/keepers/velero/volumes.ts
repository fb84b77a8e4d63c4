import { z } from 'zod';
import type { WorkOptions } from '../../../asset.ts';
import { evaluated, resourceList, type Verdict } from './judge.ts';
import type { StorageLocation, VeleroBackup } from './location.ts';

/** Whether the data of the volumes is in a backup, as far as Velero tells. */
interface Told {
  /** Copies of volumes that were begun, and those that completed. */
  readonly begun: number;
  readonly done: number;
  /** Persistent volumes of which there is no copy, with the reason where Velero gives one. */
  readonly lacking: readonly string[];
}

/** Velero calls a backup Completed although a volume was left out: what it lists as volumes is held against the data that it made. */
export async function judgeVolumes(
  location: StorageLocation,
  backup: VeleroBackup,
  volumes: 'all' | 'some',
  options: WorkOptions,
): Promise<Verdict> {
  const about = {
    name: 'the volumes of the newest backup are in it',
    expected: volumes === 'all' ? 'each, completed' : 'completed',
  };
  return evaluated(about, options, async () => {
    const resources = (await location.list(backup, 'resource-list', resourceList, options)) ?? {};
    const persistent = resources['v1/PersistentVolume'] ?? [];
    const told =
      (await byVolume(location, backup, persistent, options)) ?? (await byCount(location, backup, persistent, options));
    const lacking = volumes === 'all' ? told.lacking : [];
    const words = `${backup.name}: ${told.done} of ${told.begun} copies of volumes completed, ${persistent.length} persistent volumes`;
    const without = `${words}, ${lacking.length} without any (${lacking.slice(0, 3).join('; ')})`;
    return { ok: told.done === told.begun && lacking.length === 0, observed: lacking.length === 0 ? words : without };
  });
}

const volumeInfos = z
  .array(
    z.object({
      pvName: z.string().nullish(),
      pvcName: z.string().nullish(),
      pvcNamespace: z.string().nullish(),
      skipped: z.boolean().nullish(),
      skippedReason: z.string().nullish(),
      result: z.string().nullish(),
    }),
  )
  .nullable();

/** What became of each volume, whichever way its data went; undefined where an older Velero tells no results. */
async function byVolume(
  location: StorageLocation,
  backup: VeleroBackup,
  persistent: readonly string[],
  options: WorkOptions,
): Promise<Told | undefined> {
  const infos = await location.list(backup, 'volumeinfo', volumeInfos, options);
  if (infos === undefined || infos === null) return undefined;
  const begun = infos.filter(({ skipped }) => skipped !== true);
  if (begun.some(({ result }) => result === undefined || result === null)) return undefined;
  const done = begun.filter(({ result }) => result === 'succeeded');
  const copied = new Set(begun.map(({ pvName }) => pvName));
  const why = new Map(infos.map((one) => [one.pvName ?? '', one.skippedReason ?? '']));
  const lacking = persistent
    .filter((name) => !copied.has(name))
    .map((name) => ((why.get(name) ?? '') === '' ? name : `${name}: ${why.get(name)}`));
  return { begun: begun.length, done: done.length, lacking };
}

const copies = z
  .array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }).nullish(),
      spec: z.object({ persistentVolumeName: z.string().nullish() }).nullish(),
      status: z.object({ phase: z.string().nullish() }).nullish(),
    }),
  )
  .nullable();

/**
 * As older ones tell it: a list of what was copied through pods, one of snapshots, and counts of the rest. Two pods may share a claim, and what
 * a pod keeps beside its claims is none: only claims are held against volumes.
 */
async function byCount(
  location: StorageLocation,
  backup: VeleroBackup,
  persistent: readonly string[],
  options: WorkOptions,
): Promise<Told> {
  const pods = (await location.list(backup, 'podvolumebackups', copies, options)) ?? [];
  const snapshots = (await location.list(backup, 'volumesnapshots', copies, options)) ?? [];
  const own = [...pods, ...snapshots];
  const others = countedOf(backup);
  const claims = new Set(pods.flatMap(({ metadata }) => metadata?.labels?.['velero.io/pvc-uid'] ?? []));
  const named = new Set(snapshots.flatMap(({ spec }) => spec?.persistentVolumeName ?? []));
  const rest = persistent.filter((name) => !named.has(name));
  const covered = claims.size + others.begun;
  return {
    begun: own.length + others.begun,
    done: own.filter(({ status }) => status?.phase === 'Completed').length + others.done,
    lacking: rest.length <= covered ? [] : [`${rest.length - covered} of ${rest.join(', ')}`],
  };
}

/** Snapshots of the storage’s own driver; where their data is moved on, the moves, which are counted among all operations. */
function countedOf({ object }: VeleroBackup): { begun: number; done: number } {
  const {
    csiVolumeSnapshotsAttempted,
    csiVolumeSnapshotsCompleted,
    backupItemOperationsAttempted,
    backupItemOperationsCompleted,
  } = object?.status ?? {};
  const moved = { begun: backupItemOperationsAttempted ?? 0, done: backupItemOperationsCompleted ?? 0 };
  const taken = { begun: csiVolumeSnapshotsAttempted ?? 0, done: csiVolumeSnapshotsCompleted ?? 0 };
  return object?.spec?.snapshotMoveData === true && moved.begun >= taken.begun ? moved : taken;
}
