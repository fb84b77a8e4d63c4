import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LifeboatError, messageOf, mustSucceed } from '../../../../core/index.ts';
import { writeConfiguration } from '../../copy/start.ts';
import { copySettings } from '../../copy/settings.ts';
import {
  makeServerFolder,
  mustBePassable,
  serverEnvironment,
  serverUser,
  startServer,
  type RunningServer,
  type ServerPrograms,
  type ServerUser,
} from '../../server/index.ts';
import type { DumpFacts, Locale } from '../facts.ts';

/** A new, empty cluster that a dump is restored into, reachable by its first superuser over a private socket only. */
export interface RestoreTarget {
  readonly dataFolder: string;
  urlOf(database: string): string;
  /** A clean shutdown, and everything is on the disk afterwards. */
  finish(): Promise<void>;
  /** Ends it if it still runs. */
  close(): Promise<void>;
}

/** The log that a copy may write before it takes a checkpoint while it is restored. */
export const logBytesMax = 2 * 2 ** 30;

/**
 * What makes a restore fast: nothing here has to outlive a crash, because a restore that did not come to its end is thrown away,
 * and `finish` writes everything to the disk. Nor does a statement reach the log, for it may hold the hash of a password.
 */
const restoreSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Nobody goes on from where its log begins.
  wal_keep_size: '0',
  max_wal_size: `${logBytesMax / 2 ** 20}MB`,
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  // After a crash there is nothing to go on with.
  restart_after_crash: 'off',
  maintenance_work_mem: '128MB',
  log_statement: 'none',
  log_min_error_statement: 'panic',
};

/** Throws `asset.tool_missing` when this machine lacks the locale of the cluster, `asset.start_failed`. */
export async function makeRestoreTarget(
  facts: Pick<DumpFacts, 'superuser' | 'locale' | 'settings'>,
  programs: ServerPrograms,
  dataFolder: string,
  signal: AbortSignal | undefined,
): Promise<RestoreTarget> {
  const user = await serverUser();
  await mustBePassable(dataFolder, user);
  await makeServerFolder(dataFolder, user);
  await initdb(facts, programs, dataFolder, user);
  const socketFolder = await mkdtemp(join(tmpdir(), 'lb-'));
  if (user !== undefined) await chown(socketFolder, user.uid, user.gid);
  let server: RunningServer | undefined;
  const close = async (): Promise<void> => {
    await server?.stop();
    server = undefined;
    await rm(socketFolder, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    const urlOf = (database: string): string =>
      `postgresql://${encodeURIComponent(facts.superuser)}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(socketFolder)}&port=${port}`;
    const files = await writeConfiguration(dataFolder, user);
    server = await startServer({
      programs,
      user,
      dataFolder,
      settings: {
        ...(await copySettings(facts.settings, programs, { ...files, socketFolder, listens: false, port })),
        ...restoreSettings,
      },
      logFile: join(dataFolder, 'lifeboat.log'),
      url: urlOf('template1'),
      ...(signal === undefined ? {} : { signal }),
    });
    const finish = async (): Promise<void> => {
      await close();
      await mustSucceed([join(programs.folder, 'initdb'), '--sync-only', '-D', dataFolder], serverProcess(user));
    };
    return { dataFolder, urlOf, finish, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const serverProcess = (user: ServerUser | undefined) => ({
  cwd: '/',
  env: serverEnvironment(),
  ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
});

async function initdb(
  { superuser, locale, settings }: Pick<DumpFacts, 'superuser' | 'locale' | 'settings'>,
  programs: ServerPrograms,
  dataFolder: string,
  user: ServerUser | undefined,
): Promise<void> {
  const segmentMegabytes = Number(settings['wal_segment_size'] ?? 0) / 2 ** 20;
  try {
    await mustSucceed(
      [
        join(programs.folder, 'initdb'),
        '-D',
        dataFolder,
        '-U',
        superuser,
        '--auth-local=peer',
        '--auth-host=scram-sha-256',
        '--no-sync',
        ...localeWords(locale),
        '--data-checksums',
        ...(segmentMegabytes >= 1 ? [`--wal-segsize=${segmentMegabytes}`] : []),
      ],
      serverProcess(user),
    );
  } catch (error) {
    if (!/locale/i.test(messageOf(error))) throw error;
    throw new LifeboatError('asset.tool_missing', `this machine lacks the locale of the cluster: ${nameOf(locale)}`, {
      hint: `Make it, e.g. with locale-gen (package locales), and restore again.`,
      cause: error,
    });
  }
}

const localeWords = ({ encoding, provider, collate, ctype, locale }: Locale): string[] => [
  `--encoding=${encoding}`,
  `--lc-collate=${collate}`,
  `--lc-ctype=${ctype}`,
  // Messages in a language that can be read by us.
  '--lc-messages=C',
  '--lc-monetary=C',
  '--lc-numeric=C',
  '--lc-time=C',
  ...(provider === 'libc' ? [] : [`--locale-provider=${provider}`, `--${provider}-locale=${locale ?? ''}`]),
];

export const nameOf = ({ provider, collate, ctype, locale }: Locale): string =>
  [...new Set([locale === undefined ? '' : `${provider} ${locale}`, collate, ctype])]
    .filter((part) => part !== '')
    .join(', ');
