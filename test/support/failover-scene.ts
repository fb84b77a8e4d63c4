import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, mustSucceed, systemClock } from '../../src/core/index.ts';
import { runSql } from '../../src/testing/postgres/index.ts';
import { endOf, Place, type Answer } from './lifeboat.ts';

const home = fileURLToPath(new URL('../../examples/failover', import.meta.url));

/** Why the scene of examples/failover cannot be made here; undefined when it can. */
export const noScene = ['/usr/sbin/haproxy', '/usr/sbin/knotd', '/usr/lib/postgresql'].every((path) => existsSync(path))
  ? undefined
  : 'needs HAProxy, knot, and PostgreSQL with its tools';

export interface Account {
  readonly confirmed: number;
  readonly failed: number;
  readonly secondsDown: number;
  readonly confirmedAndLost: number;
  readonly lostMs: number;
  /** The address that the name led to at the end. */
  readonly database: string;
}

export type Site = 'west' | 'east';

/** The scene of the example in a folder of its own, worked with as people do: by programs. */
export class FailoverScene {
  readonly place: Place;
  readonly namePort: number;
  readonly #parent: string;
  /** A test that fails leaves nothing that waits for a scene which is gone. */
  readonly #started = new Set<ChildProcess>();

  private constructor(parent: string, namePort: number) {
    this.#parent = parent;
    this.namePort = namePort;
    this.place = Place.in(join(parent, 'scene'));
  }

  static async make(): Promise<FailoverScene> {
    const parent = await mkdtemp(join(tmpdir(), 'lifeboat-failover-'));
    await mustSucceed(['chmod', '711', parent]);
    const ports: number[] = [];
    while (ports.length < 5) {
      const port = await freePort();
      if (!ports.includes(port)) ports.push(port);
    }
    const scene = new FailoverScene(parent, ports[4] as number);
    const words = [join(home, 'scene.mjs'), 'up', scene.place.folder, ports.join(',')];
    await mustSucceed([process.execPath, ...words], { timeoutMs: 120_000 });
    await scene.must('store', 'init', 'vault');
    return scene;
  }

  /** What `node scene.mjs …` does in the scene's folder. */
  async do(...words: readonly string[]): Promise<void> {
    const options = { cwd: this.place.folder, timeoutMs: 120_000 };
    await mustSucceed([process.execPath, join(home, 'scene.mjs'), ...words], options);
  }

  start(...words: readonly string[]): ChildProcess {
    const path = `${join(process.execPath, '..')}:${process.env['PATH']}`;
    const child = this.place.start([...words, '--json'], { PATH: path });
    this.#started.add(child);
    child.once('exit', () => this.#started.delete(child));
    return child;
  }

  /** `lifeboat … --json` as a process of its own. */
  async run(...words: readonly string[]): Promise<Answer> {
    const { exitCode, stdout, stderr } = await endOf(this.start(...words));
    return { exitCode: exitCode ?? -1, stdout, stderr, json: JSON.parse(stdout || '{}') as Record<string, unknown> };
  }

  async must(...words: readonly string[]): Promise<Answer> {
    const answer = await this.run(...words);
    if (answer.exitCode !== 0) throw new Error(`lifeboat ${words.join(' ')}: ${answer.stdout}${answer.stderr}`);
    return answer;
  }

  /** The same in this process, for what changes nothing: no program has to be started. */
  async look(...words: readonly string[]): Promise<Answer> {
    const answer = await this.place.run(...words);
    if (answer.exitCode !== 0) throw new Error(`lifeboat ${words.join(' ')}: ${answer.stdout}${answer.stderr}`);
    return answer;
  }

  /** Customers who order without a pause; at the end they tell how it went. Where a test does not come to its end they go by themselves. */
  async customers(): Promise<{ end(): Promise<Account> }> {
    const child = spawn(process.execPath, [join(home, 'customers.mjs'), '170'], {
      cwd: this.place.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = endOf(child);
    await new Promise((begun) => child.stdout?.once('data', begun));
    return {
      end: async () => {
        child.kill('SIGTERM');
        return JSON.parse((await ended).stdout.trim().split('\n').at(-1) ?? '') as Account;
      },
    };
  }

  /** What a step did is seen when customers have ordered a while. */
  async ordersGrow(site: Site, by = 20): Promise<void> {
    const before = await this.orders(site);
    const until = systemClock.elapsed() + 60_000;
    while ((await this.orders(site)) < before + by) {
      if (systemClock.elapsed() > until) throw new Error(`no customer is served by ${site}`);
      await systemClock.sleep(50);
    }
  }

  orders = async (site: Site): Promise<number> =>
    Number((await this.sql(site, 'select count(*) as n from orders'))['n']);

  /** Its timeline: one more for each promotion. */
  async server(site: Site): Promise<{ follows: boolean; timeline: number }> {
    const { follows, name } = await this.sql(
      site,
      `select pg_is_in_recovery() as follows, case when pg_is_in_recovery()
        then (select to_hex(min_recovery_end_timeline) from pg_control_recovery())
        else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as name`,
    );
    return { follows: follows === true, timeline: Number.parseInt(String(name), 16) };
  }

  async sql(site: Site, text: string): Promise<Record<string, unknown>> {
    const [row] = await runSql((await readFile(this.place.path(`${site}.url`), 'utf8')).trim(), text);
    return row ?? {};
  }

  /** The plan with something else in it. */
  async changePlan(change: (plan: string) => string): Promise<void> {
    const file = this.place.path('lifeboat.yaml');
    const before = await readFile(file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error('the plan does not have what was to be changed');
    await writeFile(file, after);
  }

  /** How often the server of a site was written over: what it held is kept beside. */
  writtenOver = (site: Site): number => readdirSync(this.place.path(site)).filter(isWrittenOver).length;

  /** Leaves of them the names that are counted: a long row of failovers would fill the disk. */
  async forgetWrittenOver(): Promise<void> {
    for (const site of ['west', 'east'])
      for (const name of readdirSync(this.place.path(site)).filter(isWrittenOver))
        for (const part of readdirSync(this.place.path(site, name)))
          await rm(this.place.path(site, name, part), { recursive: true });
  }

  async end(): Promise<void> {
    for (const child of this.#started) child.kill('SIGKILL');
    await this.do('down');
    await rm(this.#parent, { recursive: true, force: true });
  }
}

const isWrittenOver = (name: string): boolean => name.startsWith('data.before-');
