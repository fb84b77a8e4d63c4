import { LifeboatError, systemClock } from '../../../core/index.ts';
import type { CaptureFacts, CaptureOptions } from '../../asset.ts';
import type { Entry } from '../../entry.ts';
import { captureBeside, type TakenBackup } from '../beside/capture-beside.ts';
import { findDataFolder, type DataFolder, type NotBeside } from '../beside/data-folder.ts';
import type { Measure } from '../copy/check.ts';
import { serverError } from '../link/connection.ts';
import { identifyServer, type ServerIdentity } from '../link/identify.ts';
import { lsnText } from '../lsn.ts';
import { BadPages } from '../pages/bad-pages.ts';
import { lsnValue } from './end-of-backup.ts';
import { entriesOf } from './entries.ts';
import { compareWithManifest } from './manifest.ts';
import { Session } from './session.ts';
import { mustHaveSameTablespaces, type SourceFacts } from './source-facts.ts';
import type { ReadFrom } from './standby-source.ts';

/** How the bytes of a server are had: from its own files, or through a replication connection. */
export type Via = 'files' | 'connection';

export interface PhysicalSettings {
  readonly url: string;
  readonly measure?: Measure | undefined;
  /** Without it the files are read where that can be done. */
  readonly via?: Via | undefined;
  /** Of a standby whose files are read instead of the primary's. */
  readonly standby?: string | undefined;
  /** How fast it is read at most; only through a connection. */
  readonly bytesPerSecond?: number | undefined;
}

/**
 * A physical backup with the log that it needs to become consistent. See `Asset.capture`.
 *
 * `atMs` is the server's time at the latest look at its log that found it not past the end of the backup: whatever was acknowledged
 * before is in the log up to there. `newest` is what the plan's queries saw before such a moment.
 */
export async function* captureCluster(
  settings: PhysicalSettings,
  options: CaptureOptions,
): AsyncGenerator<Entry, CaptureFacts, void> {
  mustGoOn(options.signal);
  const beganMs = systemClock.now();
  const identity = await identifyServer(settings.url);
  const session = new Session(settings);
  let begun = false;
  const onAbort = (): void => session.abort(cancelled(options.signal?.reason));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    mustGoOn(options.signal);
    const { source, log, newest, slot, from } = await session.open(settings.measure, options.progress, options.signal);
    begun = true;
    const isSent = settings.via === 'connection' || settings.bytesPerSecond !== undefined;
    const folder = isSent ? undefined : await findDataFolder(session.reading, slot);
    if (settings.via === 'files') mustBeBeside(folder);
    const isBeside = folder !== undefined && 'path' in folder;
    const taken = yield* isBeside ? beside(session, folder, from, options) : received(session, from, options);
    if (from.server === 'standby') mustBeOnTimeline(taken, identity);
    await mustHaveSameTablespaces(session.ordinary, source.tablespaces);
    const end = lsnValue(taken.endLsn);
    const atMs = await log.latestBefore(end);
    if (atMs === undefined)
      throw new LifeboatError('asset.vanished', 'the server’s log went backwards during the backup');
    const measured = {
      atMs,
      newest: await newest?.latestBefore(end),
      via: isBeside ? 'files' : 'connection',
      beganMs,
    } as const;
    return factsOf(identity, from, taken, measured);
  } catch (error) {
    if (options.signal?.aborted === true) throw cancelled(options.signal.reason);
    throw begun ? interrupted(serverError(error)) : serverError(error);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await session.close();
  }
}

/** It was there when the backup began. */
const interrupted = (error: LifeboatError): LifeboatError =>
  error.code === 'asset.unreachable'
    ? new LifeboatError('asset.vanished', `the server went away in the middle of the backup: ${error.message}`, {
        cause: error,
      })
    : error;

async function* beside(
  session: Session,
  folder: DataFolder,
  { source, least }: ReadFrom,
  { progress, readSoFar }: CaptureOptions,
): AsyncGenerator<Entry, TakenBackup, void> {
  const client = await session.openBackup();
  return yield* captureBeside({
    client,
    folder,
    source,
    progress,
    readSoFar,
    ...(least === undefined ? {} : { least }),
  });
}

async function* received(
  session: Session,
  { source, least }: ReadFrom,
  { readSoFar }: CaptureOptions,
): AsyncGenerator<Entry, TakenBackup, void> {
  const backup = session.receive(source);
  const bad = new BadPages(source);
  const arrived = yield* entriesOf(backup, source, bad);
  await readSoFar();
  bad.mustBeReplayed(lsnValue(backup.start.lsn), lsnValue(backup.end.lsn));
  compareWithManifest(backup.manifest, arrived);
  const { start, end, label } = backup;
  return {
    startLsn: start.lsn,
    endLsn: endWith(end.lsn, least, source),
    timeline: end.timeline,
    label,
    tablespaces: start.tablespaces,
    warnings: [],
  };
}

/**
 * A standby ends a backup where the last page that it wrote needs it to; what it had replayed may go a little further, and is in the same
 * segment of the log, which comes along whole.
 */
function endWith(end: string, least: bigint | undefined, { settings }: SourceFacts): string {
  if (least === undefined || least <= lsnValue(end)) return end;
  const segmentBytes = BigInt(settings['wal_segment_size'] ?? 16 * 2 ** 20);
  if ((least - 1n) / segmentBytes === (lsnValue(end) - 1n) / segmentBytes) return lsnText(least);
  throw new LifeboatError('asset.changing', `the standby ended the backup at ${end}, before ${lsnText(least)}`, {
    hint: 'Run the backup again: the standby has written down by now how far it is.',
  });
}

/** One that still follows an old primary has another history than the server at the url. */
function mustBeOnTimeline({ timeline }: TakenBackup, identity: ServerIdentity): void {
  if (timeline === identity.timeline) return;
  throw new LifeboatError(
    'asset.foreign',
    `the standby is on timeline ${timeline}, the primary on ${identity.timeline}`,
    {
      hint: 'Let the standby follow the primary that the url names, and run again.',
    },
  );
}

function mustBeBeside(folder: DataFolder | NotBeside | undefined): void {
  if (folder === undefined || !('because' in folder)) return;
  throw new LifeboatError('asset.unsupported', `the files of the server cannot be read from here: ${folder.because}`, {
    hint: 'Run Lifeboat beside the server as its user, or leave `via` out of the plan.',
  });
}

function factsOf(
  { systemId, version, major, source: identity }: ServerIdentity,
  { source, server, instead }: ReadFrom,
  taken: TakenBackup,
  { atMs, beganMs, newest, via }: { atMs: number; beganMs: number; newest: CaptureFacts['newest']; via: Via },
): CaptureFacts {
  const { encoding, pageChecksums, superuser, settings } = source;
  return {
    atMs,
    beganMs,
    kind: 'base',
    source: identity,
    ...(newest === undefined ? {} : { newest }),
    facts: {
      systemId,
      version,
      major,
      via,
      ...(server === 'primary' ? {} : { from: server }),
      startLsn: taken.startLsn,
      endLsn: taken.endLsn,
      timeline: taken.timeline,
      checkpointLsn: /^CHECKPOINT LOCATION: (\S+)/m.exec(taken.label)?.[1],
      tablespaces: taken.tablespaces,
      encoding,
      pageChecksums,
      superuser,
      settings,
    },
    warnings: [...(instead === undefined ? [] : [instead]), ...taken.warnings, ...(pageChecksums ? [] : [noChecksums])],
  };
}

const noChecksums =
  'The server keeps no checksums of its pages, so a page that its disk changed is backed up as it is.';

function mustGoOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal.reason);
}

const cancelled = (reason: unknown): LifeboatError =>
  reason instanceof LifeboatError
    ? reason
    : new LifeboatError('operation.cancelled', 'the backup was stopped', { cause: reason });
