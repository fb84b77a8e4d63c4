import { z } from 'zod';
import type { CheckResult } from '../../../../checks/check.ts';
import { formatBytes, isLifeboatError, isoTime, limits, messageOf, type Clock } from '../../../../core/index.ts';
import type { WorkOptions } from '../../../asset.ts';
import type { KeptStream } from '../../../outside.ts';
import { listTar } from '../../../tar-stream.ts';
import {
  contentsOf,
  expiresMs,
  partName,
  phaseOf,
  startedMs,
  type StorageLocation,
  type VeleroBackup,
} from './location.ts';

export type Verdict = Pick<CheckResult, 'name' | 'ok' | 'observed' | 'expected'>;

const running = /^(New|InProgress|WaitingForPluginOperations|Finalizing)/i;

/** Whether all of a backup is there, as Velero says, and for how long. */
export const isPoint = (backup: VeleroBackup, nowMs: number): boolean =>
  phaseOf(backup) === 'Completed' &&
  startedMs(backup) !== undefined &&
  (contentsOf(backup)?.bytes ?? 0) > 0 &&
  (expiresMs(backup) ?? Infinity) > nowMs;

/** What the descriptions of all backups say, without reading their contents. */
export function judgeListed(backups: readonly VeleroBackup[], clock: Clock): Verdict[] {
  const nowMs = clock.now();
  const points = backups.filter((backup) => isPoint(backup, nowMs));
  const newest = points.at(-1);
  const last = backups.filter((backup) => backup.object !== undefined && !isRunning(backup, nowMs)).at(-1);
  const broken = backups.filter((backup) => troubleOf(backup) !== undefined);
  return [
    {
      name: 'there are completed backups',
      ok: newest !== undefined,
      observed:
        newest === undefined
          ? `none of ${backups.length}`
          : `${points.length} of ${backups.length}, the newest ${wordsOf(newest)}`,
      expected: 'at least one that has not expired',
    },
    {
      name: 'the last backup completed',
      ok: last !== undefined && phaseOf(last) === 'Completed' && (last.object?.status?.errors ?? 0) === 0,
      observed: last === undefined ? 'none has ended' : `${last.name}: ${endOf(last)}`,
      expected: 'Completed, no errors',
    },
    {
      name: 'every backup has its parts',
      ok: broken.length === 0,
      observed:
        broken.length === 0
          ? 'all'
          : broken
              .slice(0, 5)
              .map((one) => `${one.name}: ${troubleOf(one)}`)
              .join('; '),
      expected: 'all',
    },
  ];
}

function isRunning(backup: VeleroBackup, nowMs: number): boolean {
  return running.test(phaseOf(backup)) && nowMs - (startedMs(backup) ?? nowMs) <= limits.veleroRunningMs;
}

/** A backup that failed has no contents, and says so itself. */
function troubleOf(backup: VeleroBackup): string | undefined {
  if (backup.trouble !== undefined) return backup.trouble;
  if (!/^(Completed|PartiallyFailed)$/.test(phaseOf(backup))) return undefined;
  const contents = contentsOf(backup);
  if (contents === undefined) return `it is ${phaseOf(backup)} and has no ${backup.name}.tar.gz`;
  return contents.bytes === 0 ? `its ${backup.name}.tar.gz is empty` : undefined;
}

function wordsOf(backup: VeleroBackup): string {
  const bytes = backup.files.reduce((total, file) => total + file.bytes, 0);
  const untilMs = expiresMs(backup);
  const until = untilMs === undefined ? '' : `, until ${isoTime(untilMs)}`;
  return `${backup.name} of ${isoTime(startedMs(backup) ?? 0)}, ${formatBytes(bytes)}${until}`;
}

function endOf(backup: VeleroBackup): string {
  const { completionTimestamp, warnings, errors, failureReason, validationErrors } = backup.object?.status ?? {};
  const why = [failureReason, ...(validationErrors ?? [])].filter((word) => typeof word === 'string' && word !== '');
  return [
    phaseOf(backup),
    ...(typeof completionTimestamp === 'string'
      ? [`ended ${isoTime(Date.parse(completionTimestamp))}`]
      : ['no time at which it ended']),
    `${errors ?? 0} errors`,
    `${warnings ?? 0} warnings`,
    ...why,
  ].join(', ');
}

export const resourceList = z.record(z.string(), z.array(z.string()).nullable());
/** Reads the contents of a backup to their end and looks for each object that Velero lists. */
export async function judgeContents(
  location: StorageLocation,
  backup: VeleroBackup,
  content: KeptStream,
  options: WorkOptions,
): Promise<Verdict> {
  const about = {
    name: 'the contents of the newest backup are whole',
    expected: 'read to their end, with every object that is listed',
  };
  return evaluated(about, options, async () => {
    const listed = await location.list(backup, 'resource-list', resourceList, options);
    const there = new Set<string>();
    await listTar(content, (name) => void there.add(placeOf(name)), options);
    const objects = Object.entries(listed ?? {}).flatMap(([kind, names]) =>
      (names ?? []).map((name) => ({ kind, name })),
    );
    const missing = objects.filter(({ name }) => !there.has(name));
    const observed = `${backup.name}: ${objects.length - missing.length} of ${objects.length} objects`;
    if (listed === undefined) return { ok: false, observed: `${backup.name} has no list of its objects` };
    if (missing.length === 0) return { ok: true, observed };
    const [first] = missing;
    return { ok: false, observed: `${observed}; ${first?.kind} ${first?.name} is not in it` };
  });
}

/** `resources/pods/namespaces/shop/web.json` → `shop/web`, `resources/persistentvolumes/cluster/pv.json` → `pv`. */
const memberPlace = /^(?:\.\/)?resources\/[^/]+\/(?:[^/]+\/)??(?:namespaces\/([^/]+)|cluster)\/([^/]+)\.json$/;

function placeOf(member: string): string {
  const found = memberPlace.exec(member);
  if (found === null) return '';
  return found[1] === undefined ? (found[2] ?? '') : `${found[1]}/${found[2]}`;
}

/** What cannot be evaluated is red; only a stop, or a place that does not answer, is an error. */
export async function evaluated(
  about: Pick<Verdict, 'name' | 'expected'>,
  { signal }: WorkOptions,
  work: () => Promise<Pick<Verdict, 'ok' | 'observed'>>,
): Promise<Verdict> {
  try {
    return { ...about, ...(await work()) };
  } catch (error) {
    if (signal?.aborted === true || isLifeboatError(error, 'asset.unreachable')) throw error;
    return { ...about, ok: false, observed: messageOf(error) };
  }
}

/** Where the contents lie, for who reads them. */
export const contentsName = (backup: VeleroBackup): string => partName(backup, '.tar.gz');
