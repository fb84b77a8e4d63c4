import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReceiver, type Receiver } from '../../src/communications/testing/receiver.ts';
import { systemClock } from '../../src/core/index.ts';
import { makeStore } from '../../src/operations/testing/workspace.ts';
import { installedMajors, startLoad, startTestCluster, type TestCluster } from '../../src/testing/postgres/index.ts';
import { Place } from '../support/lifeboat.ts';

/** From one life to the next: every calendar of the plan but that of the prunes has a turn in between, and that one in each third. */
export const stepMs = 8 * 3_600_000;

const planOf = (more: string): string => `
lifeboat: 1
plan: mortal
timezone: UTC
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
channels: { ops: { type: webhook, url: { env: LB_TEST_HOOK } } }
stores:
  near: { type: fs, path: ./near, domain: safe }
  far: { type: fs, path: ./far, domain: there }
policies:
  often: { every: 2s, to: [near], copy: { to: [far], within: 10m }, keep: { daily: 5d, atLeast: 3 }, verify: { every: every 6h } }
  seldom: { every: every 6h, to: [near], keep: { daily: 5d, atLeast: 3 } }
  streamed: { stream: { to: [near] }, every: quarterly, to: [near] }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: often }
  carts: { type: sqlite, path: ./carts.db, domain: here, policy: seldom }
${more}
drills: { back: { restore: docs, point: random, every: every 6h, in: bubble, expect: { rto: 1h } } }
alerts:
  docs_old: { kind: freshness, watch: { asset: docs }, olderThan: 4h, for: 0s, priority: critical, says: No copy of the docs }
  carts_old: { kind: freshness, watch: { asset: carts }, olderThan: 4h, for: 0s, priority: warning, says: No copy of the carts }
`;

/** `rows`: so many must come back; nobody asks while it is undefined. */
const orders = (rows?: number): string => `  orders:
    type: postgres
    url: { env: LB_TEST_KEEPER_URL }
    domain: here
    policy: streamed
    checks: [{ sql: select count(*) from load, expect: value ${rows === undefined ? '>= 0' : `== ${rows}`} }]
`;

/** All that a keeper keeps: a tree of files, a SQLite database, a PostgreSQL server that people write to, and a receiver of alarms. */
export interface Scene {
  readonly place: Place;
  readonly cluster: TestCluster;
  readonly receiver: Receiver;
  /** Things of before a life, by which its points are told from others. */
  change(life: number): Promise<void>;
  /** A keeper at a moment of its own, so many lives after the first. */
  keeper(life: number): Life;
  /** Nobody writes any more; how many rows were acknowledged, and up to where the log holds them. */
  endWriting(): Promise<{ readonly rows: number; readonly lsn: string }>;
  /** The plan asks for so many rows of what is restored. */
  ask(rows: number): Promise<void>;
  close(): Promise<void>;
}

export async function makeScene(lives: number): Promise<Scene> {
  const receiver = await startReceiver();
  const cluster = await startTestCluster({ major: Math.max(...(await installedMajors())) });
  const place = await Place.make(planOf(orders()));
  Object.assign(process.env, {
    LB_TEST_PASS: 'a passphrase for tests',
    LB_TEST_HOOK: receiver.url,
    LB_TEST_KEEPER_URL: cluster.url,
  });
  // A server that root starts runs as another user, who passes through.
  await chmod(place.folder, 0o755);
  for (const folder of ['docs', 'far', 'tmp']) await mkdir(place.path(folder));
  await chmod(place.path('tmp'), 0o777);
  await makeStore(place.path('near'));
  const database = new DatabaseSync(place.path('carts.db'));
  database.exec('create table carts (life integer primary key, filler text)');
  const load = await startLoad(cluster.url, 1, 50);
  const running = new Set<Life>();
  const firstMs = new Date(systemClock.now() - (lives + 6) * stepMs).setUTCHours(4, 36, 0, 0);
  return {
    place,
    cluster,
    receiver,
    change: async (life) => {
      await writeFile(place.path('docs', 'a.txt'), `life ${life}`);
      database.prepare('insert into carts values (?, ?)').run(life, 'x'.repeat(5000));
    },
    keeper: (life) => {
      const one = new Life(place, new Date(firstMs + life * stepMs).toISOString());
      running.add(one);
      return one;
    },
    endWriting: async () => {
      const { length: rows } = await load.stop();
      const [{ lsn = '' } = {}] = (await cluster.sql('select pg_current_wal_lsn()::text as lsn')) as { lsn: string }[];
      return { rows, lsn };
    },
    ask: (rows) => writeFile(place.path('lifeboat.yaml'), planOf(orders(rows))),
    close: async () => {
      for (const one of running) await one.end('SIGKILL');
      database.close();
      await load.stop().catch(() => {}); // ended before
      await place.remove();
      await cluster.destroy();
      await receiver.close();
    },
  };
}

export interface Line {
  readonly event: string;
  readonly task?: string;
  readonly asset?: string;
  readonly words?: string;
  readonly outcome?: { readonly state: string; readonly words: string };
}

/** One that keeps the schedule, with what it said so far. */
export class Life {
  readonly lines: Line[] = [];
  readonly moment: string;
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  #pieces = '';

  constructor(place: Place, moment: string) {
    this.moment = moment;
    const program = join(import.meta.dirname, 'keeper.ts');
    this.#child = spawn(process.execPath, [program, place.folder, moment], {
      env: { ...process.env, TMPDIR: place.path('tmp') },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (piece: Buffer) => this.#take(piece.toString()));
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get busy(): number {
    const count = (wanted: string): number => this.lines.filter(({ event }) => event === wanted).length;
    return count('began') - count('ended');
  }

  get done(): ReadonlySet<string> {
    return new Set(
      this.lines.flatMap(({ event, task, outcome }) =>
        event === 'ended' && outcome?.state === 'done' ? [task ?? ''] : [],
      ),
    );
  }

  /** Until something holds; throws what it said when it is over before, or when it takes ten minutes. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 12_000; tries += 1) {
      if (await holds()) return;
      if (this.isOver) break;
      await sleep(50);
    }
    throw new Error(`it never was so; what it said: ${JSON.stringify(this.lines.slice(-60), null, 1)}`);
  }

  keeping = (): Promise<void> => this.until(() => this.lines.some(({ event }) => event === 'keeping'));

  skip = (ms: number): boolean => this.#child.send(ms);

  /** At once, from within whatever sees the moment. */
  kill = (): boolean => this.#child.kill('SIGKILL');

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.isOver) this.#child.kill(signal);
    return this.ended;
  }

  #take(piece: string): void {
    this.#pieces += piece;
    const lines = this.#pieces.split('\n');
    this.#pieces = lines.pop() ?? '';
    for (const line of lines)
      this.lines.push(line.startsWith('{') ? (JSON.parse(line) as Line) : { event: 'no json', words: line });
  }
}
