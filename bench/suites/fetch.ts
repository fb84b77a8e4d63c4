import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeServerFolder, serverUser } from '../../src/assets/postgres/server/index.ts';
import { LifeboatError, plainEnvironment } from '../../src/core/index.ts';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { measure, run, type RunOptions } from '../measure.ts';
import { cpuSecondsOf, residentBytes } from '../process-tree.ts';
import { attempt, inTurn, type Bench } from '../record.ts';
import type { Sample } from '../tool.ts';
import { placeOfStream, standbyNames, untilStreams, type StreamPlace } from '../wal/receivers.ts';
import type { BusyServer } from '../wal/source.ts';

const segmentBytes = 16 * 2 ** 20;

/** Gives the files of a log to whoever asks for one after the other, as a server that has nothing else to do. */
interface Archive {
  readonly name: string;
  /** What is there before a server asks, in a restore: nobody's time. */
  ready(): Promise<ReadyArchive>;
}

interface ReadyArchive {
  readonly pid: number | undefined;
  /** What a shell runs for the file `$name`, to be put into `$into`; from here on it may work ahead. */
  begin(): Promise<string>;
  end(): Promise<void>;
}

/** A log of pgbench, kept by a stream and by pgBackRest, is asked for segment by segment. */
export async function fetchSuite(bench: Bench, server: BusyServer, folder: string): Promise<void> {
  const reason = bench.missing.get('pgbackrest');
  if (reason !== undefined)
    return void bench.omissions.push({ tool: 'pgbackrest', work: 'wal-fetch', reason, failed: false });
  const place = await writtenLog(bench, server, join(folder, 'lifeboat'));
  const fetched = await Fetching.start(place, join(folder, 'ahead-first'));
  const names = fetched.names.slice(0, segmentsOf(bench));
  const known = join(folder, 'known');
  await makeServerFolder(known, await serverUser());
  try {
    await run(words(names, await fetched.begin(), known), bench.signal, await asServer());
  } finally {
    await fetched.end();
  }
  let count = 0;
  const archives: Archive[] = [
    await pgbackrestOf(bench, server, join(folder, 'pgbackrest'), names, known),
    { name: 'lifeboat', ready: () => Fetching.start(place, join(folder, `ahead-${(count += 1)}`)) },
  ];
  for (let round = 0; round < bench.options.repetitions * turns; round += 1)
    for (const archive of inTurn(archives, round))
      await attempt(bench, archive.name, 'wal-fetch', () => oneFetch(bench, archive, { names, known, folder }));
}

/** It takes less than a second, in which a disk may be slow by chance. */
const turns = 9;
const segmentsOf = ({ options }: Bench): number => (options.quick ? 8 : 24);

/** So much log that each segment that is asked for is whole. */
async function writtenLog(bench: Bench, server: BusyServer, folder: string): Promise<StreamPlace> {
  const { signal } = bench;
  const near = { type: 'fs', path: join(folder, 'store') };
  const place = await placeOfStream(folder, server.url, near, {}, signal);
  const receiver = await place.start(signal);
  try {
    const position = async (): Promise<number> =>
      Number((await server.ask(`select (pg_current_wal_lsn() - '0/0'::pg_lsn)::text as at`))[0]?.['at']);
    const start = await position();
    while ((await position()) - start < (segmentsOf(bench) + 1) * segmentBytes) {
      await server.ask('checkpoint');
      await server.load(8, { seconds: 2 });
    }
    await untilStreams(server, standbyNames.lifeboat, 'async', signal);
  } finally {
    await receiver.stop();
  }
  return place;
}

async function oneFetch(
  bench: Bench,
  archive: Archive,
  { names, known, folder }: { names: readonly string[]; known: string; folder: string },
): Promise<Omit<Sample, 'tool' | 'work'>> {
  const into = join(folder, 'fetched');
  await makeServerFolder(into, await serverUser());
  await settle(bench.signal, []);
  const ready = await archive.ready();
  const { pid } = ready;
  try {
    let ofFetcher = { cpuSeconds: 0, peakBytes: 0 };
    const measured = await measure(
      async (stopwatch) => {
        const cpuBefore = pid === undefined ? 0 : cpuSecondsOf(pid);
        await stopwatch.run(words(names, await ready.begin(), into), await asServer());
        if (pid === undefined) return;
        const { sum, peakOfOne } = residentBytes(pid);
        ofFetcher = { cpuSeconds: cpuSecondsOf(pid) - cpuBefore, peakBytes: Math.max(sum, peakOfOne) };
      },
      { signal: bench.signal },
    );
    await run(['diff', '--recursive', '--brief', known, into], bench.signal);
    return {
      seconds: measured.seconds,
      cpuSeconds: measured.cpuSeconds + ofFetcher.cpuSeconds,
      peakBytes: measured.peakBytes + ofFetcher.peakBytes,
      plainBytes: await bytesIn(into),
    };
  } finally {
    await ready.end();
    await removeFolder(into);
  }
}

const words = (names: readonly string[], command: string, into: string): string[] => [
  'sh',
  '-c',
  `into=$1; shift; for name; do ${command} || exit 1; done`,
  'sh',
  into,
  ...names,
];

async function asServer(): Promise<RunOptions> {
  const user = await serverUser();
  return { cwd: '/', ...(user === undefined ? {} : { user }) };
}

/** The same segments, pushed one by one, encrypted and packed as in the other suites. */
async function pgbackrestOf(
  { signal }: Bench,
  { cluster }: BusyServer,
  folder: string,
  names: readonly string[],
  segments: string,
): Promise<Archive> {
  await mkdir(folder);
  const place = join(folder, 'mine');
  await makeServerFolder(place, await serverUser());
  const config = join(folder, 'pgbackrest.conf');
  await writeFile(
    config,
    `[global]
repo1-path=${place}/repository
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=correct-horse-battery-staple
compress-type=zst
compress-level=3
log-level-console=warn
log-level-file=off
lock-path=${place}/lock
spool-path=${place}/spool
[bench]
pg1-path=${cluster.dataFolder}
`,
  );
  const call = ['pgbackrest', `--config=${config}`, '--stanza=bench'];
  const options = await asServer();
  await run([...call, '--no-online', 'stanza-create'], signal, options);
  for (const name of names) await run([...call, 'archive-push', join(segments, name)], signal, options);
  const command = `${call.map((word) => `'${word}'`).join(' ')} archive-get "$name" "$into/$name"`;
  return {
    name: 'pgbackrest',
    ready: async () => ({ pid: undefined, begin: async () => command, end: async () => {} }),
  };
}

/** The process is there when the server asks, as in a restore. */
class Fetching implements ReadyArchive {
  readonly names: readonly string[];
  readonly #child: ReturnType<typeof spawnFetching>;
  readonly #lines: AsyncIterator<string>;
  readonly #ahead: string;

  private constructor(
    child: ReturnType<typeof spawnFetching>,
    lines: AsyncIterator<string>,
    names: string[],
    ahead: string,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.names = names;
    this.#ahead = ahead;
  }

  static async start({ folder, options }: StreamPlace, ahead: string): Promise<Fetching> {
    const child = spawnFetching(folder, options);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Fetching(child, lines, JSON.parse(await nextOf(lines)) as string[], ahead);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async begin(): Promise<string> {
    this.#child.stdin.write(`begin ${this.#ahead}\n`);
    const command = await nextOf(this.#lines);
    // What the server puts in the place of these.
    return command.replaceAll(`'%f'`, '"$name"').replaceAll(`'%p'`, '"$into/$name"');
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}

const spawnFetching = (folder: string, { env }: RunOptions) =>
  spawn(process.execPath, [join(import.meta.dirname, '..', 'wal', 'fetching.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: plainEnvironment({ ...env, NODE_NO_WARNINGS: '1' }),
  });

async function nextOf(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done !== true) return value;
  throw new LifeboatError('process.failed', 'the process that fetches the log ended');
}
