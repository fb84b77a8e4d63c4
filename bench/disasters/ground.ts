import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCluster, type NewCluster, type RunningServer } from '../../src/assets/postgres/server/index.ts';
import { endGroup, LifeboatError, plainEnvironment, runProcess, systemClock } from '../../src/core/index.ts';
import { program } from '../tools/lifeboat.ts';
import { fill, startLoad, type Load } from './load.ts';
import { value } from './sql.ts';
import { startStream, type Stream } from './stream.ts';

/** What a command of Lifeboat said and how it ended. */
export interface Answer {
  readonly exitCode: number | null;
  readonly json: Record<string, unknown>;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Restored {
  readonly url: string;
  readonly seconds: number;
  readonly reached: Record<string, unknown>;
  readonly log: Record<string, unknown>;
}

/** Where its points and log are kept; without either a folder beside the server. */
export interface Keeping {
  readonly store?: string;
  /** Settings of a store in the plan, and the variables that its secrets stand in. */
  readonly kept?: { readonly settings: object; readonly env: Readonly<Record<string, string>> };
}

const password = 'bench-of-disasters';
const passphrase = 'correct horse battery staple';
/** The server gives up no log while the store is away for as long as a disaster here lasts, and may not fill the disk either. */
const settings = { max_slot_wal_keep_size: '1GB', shared_buffers: '32MB' };

/** A server under load, the plan that protects it, and Lifeboat by its command line only: as people have it. */
export class Ground {
  readonly folder: string;
  readonly store: string;
  readonly #signal: AbortSignal;
  readonly #secrets: Readonly<Record<string, string>>;
  #cluster: NewCluster | undefined;
  #server: RunningServer | undefined;
  #stream: Stream | undefined;
  #load: Load | undefined;
  #url = '';
  #runs = 0;
  #copies = 0;
  readonly #running: number[] = [];

  private constructor(folder: string, signal: AbortSignal, { store, kept }: Keeping) {
    this.folder = folder;
    this.store = store ?? join(folder, 'store');
    this.#signal = signal;
    this.#secrets = kept?.env ?? {};
  }

  /** A filled database, a store with one recovery point, a stream and a load that have both begun. */
  static async prepare(folder: string, major: number, signal: AbortSignal, keeping: Keeping = {}): Promise<Ground> {
    await mkdir(folder, { mode: 0o711 });
    const ground = new Ground(folder, signal, keeping);
    try {
      ground.#cluster = await makeCluster({ dataFolder: join(folder, 'data'), password, major });
      await ground.startServer();
      ground.#url = ground.#cluster.url;
      await fill(ground.url);
      await writeFile(
        join(folder, 'lifeboat.yaml'),
        planOf(keeping.kept?.settings ?? { type: 'fs', path: ground.store }),
      );
      await ground.mustDo('store', 'init');
      await ground.mustDo('backup', 'shop');
      await ground.startStream();
      await ground.startLoad();
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  get url(): string {
    return this.#url;
  }

  get dataFolder(): string {
    return this.#of(this.#cluster).dataFolder;
  }

  get stream(): Stream {
    return this.#of(this.#stream);
  }

  get server(): RunningServer {
    return this.#of(this.#server);
  }

  /** Every commit that was acknowledged since the last call; the load is over. */
  async endLoad(): ReturnType<Load['stop']> {
    return this.#of(this.#load).stop();
  }

  async startServer(): Promise<void> {
    this.#server = await this.#of(this.#cluster).start(settings);
  }

  async startLoad(): Promise<void> {
    this.#runs += 1;
    this.#load = await startLoad(this.folder, this.url, this.#runs);
    // It has begun when something of it is there.
    while (Number(await value(this.url, `select count(*) from ledger where run = ${this.#runs}`)) < 10)
      await this.pause(0.05);
  }

  async startStream(): Promise<void> {
    const logFile = join(this.folder, `stream-${this.#runs}-${this.#copies}.log`);
    await appendFile(logFile, '');
    this.#stream = await startStream({ folder: this.folder, env: this.#environment(), logFile });
    await this.#stream.untilCurrent();
  }

  pause = (seconds: number): Promise<void> => systemClock.sleep(seconds * 1000, this.#signal);

  /** `lifeboat … --json`, whatever comes of it. */
  async lifeboat(...words: readonly string[]): Promise<Answer> {
    const startedMs = systemClock.elapsed();
    const options = { cwd: this.folder, env: this.#environment(), signal: this.#signal, timeoutMs: 600_000 };
    let stdout = '';
    const onOutput = (piece: Buffer, from: string): void => void (from === 'stdout' && (stdout += piece.toString()));
    const { exitCode, stderr } = await runProcess([program, ...words, '--json'], { ...options, onOutput });
    const json = (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Record<string, unknown>;
    return { exitCode, stderr, json, seconds: (systemClock.elapsed() - startedMs) / 1000 };
  }

  async mustDo(...words: readonly string[]): Promise<Answer> {
    const answer = await this.lifeboat(...words);
    if (answer.exitCode === 0) return answer;
    throw new LifeboatError(
      'process.failed',
      `lifeboat ${words.join(' ')}: exit code ${answer.exitCode}: ${JSON.stringify(answer.json['error'] ?? answer.stderr)}`,
    );
  }

  /** Restores beside and leaves the server running; it ends with the ground. */
  async restore(...words: readonly string[]): Promise<Restored> {
    const { json, seconds } = await this.mustDo('restore', 'shop', '--to', this.newTarget(), '--start', ...words);
    this.#running.push(Number(json['pid']));
    const shown = new URL(String(json['url']));
    shown.password = password;
    return {
      url: shown.href,
      seconds,
      reached: json['reached'] as Record<string, unknown>,
      log: (json['log'] ?? {}) as Record<string, unknown>,
    };
  }

  newTarget(): string {
    this.#copies += 1;
    return join(this.folder, `restored-${this.#copies}`);
  }

  /** From now on this server is the one that the plan means. */
  goTo(url: string): void {
    this.#url = url;
  }

  /** As their machine does that burns down. */
  async killCopies(): Promise<void> {
    for (const pid of this.#running.splice(0)) await endGroup(pid, 10_000, 'SIGKILL');
  }

  async close(): Promise<void> {
    await this.#stream?.kill();
    await this.#load?.stop();
    await this.killCopies();
    await this.#server?.kill();
  }

  #environment = (): Record<string, string> =>
    plainEnvironment({ LIFEBOAT_PASSPHRASE: passphrase, SHOP_URL: this.url, LC_ALL: 'C', ...this.#secrets });

  #of<T>(made: T | undefined): T {
    if (made !== undefined) return made;
    throw new Error('the ground is not prepared yet');
  }
}

/** JSON is YAML. */
const planOf = (store: object): string =>
  JSON.stringify({
    lifeboat: 1,
    plan: 'disasters',
    domains: { here: {}, there: {}, safe: {} },
    keys: { main: { passphrase: { env: 'LIFEBOAT_PASSPHRASE' }, domain: 'safe' } },
    stores: { near: { ...store, domain: 'there' } },
    policies: { continuous: { every: '1d', to: ['near'], stream: { to: ['near'] } } },
    assets: {
      shop: {
        type: 'postgres',
        url: { env: 'SHOP_URL' },
        domain: 'here',
        policy: 'continuous',
        measure: { rows: 'select count(*) from ledger' },
        checks: [{ sql: 'select count(*) from prices', expect: 'value == 5000' }, { pages: 'all' }, { amcheck: 'all' }],
      },
    },
  });
