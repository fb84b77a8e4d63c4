import { createHash } from 'node:crypto';
import { open, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Crc32c } from '../../src/assets/postgres/crc32c.ts';
import { openWorkspace } from '../../src/app/index.ts';
import { LifeboatError, silentProgress } from '../../src/core/index.ts';
import { undoInPlace } from '../../src/operations/index.ts';
import { changed } from '../../src/operations/testing/workspace.ts';
import { startStream, startTestCluster, type TestCluster } from '../../src/testing/postgres/index.ts';
import { Place, type Answer } from './lifeboat.ts';

const plan = `lifeboat: 1
plan: in-place
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_IN_PLACE_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets:
  orders:
    type: postgres
    url: { env: LB_TEST_IN_PLACE_URL }
    domain: here
    checks: [{ sql: select count(*) from orders, expect: value >= 0 }]
`;

/** A cluster with a point and a log in a store, beside the plan that says so. */
export class InPlaceScene {
  readonly cluster: TestCluster;
  readonly place: Place;
  readonly rows = 2000;
  server = '';
  #streaming: { until(position: string): Promise<void>; stop(): Promise<void> } | undefined;
  largeSum = 0;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.place = Place.in(cluster.folder);
  }

  static async make(major: number): Promise<InPlaceScene> {
    const cluster = await startTestCluster({ major, initdb: ['--wal-segsize=1'] });
    const scene = new InPlaceScene(cluster);
    process.env['LB_TEST_IN_PLACE_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_IN_PLACE_URL'] = cluster.url;
    await writeFile(scene.place.path('lifeboat.yaml'), plan);
    await cluster.sql(`alter system set archive_timeout = '33min'`);
    await cluster.sql(
      `create table large as select n, repeat(md5(n::text), 30) as filler from generate_series(1, 8000) n`,
    );
    await cluster.sql(`create table orders as select n as id from generate_series(1, ${scene.rows}) n`);
    const [row] = await cluster.sql('select sum(length(filler))::int as n from large');
    scene.largeSum = Number(row?.['n']);
    const [system] = await cluster.sql('select system_identifier::text as id from pg_control_system()');
    scene.server = String(system?.['id']);
    await scene.must('store', 'init');
    await scene.#stream();
    await scene.backup();
    await cluster.sql('checkpoint');
    return scene;
  }

  backup = (): Promise<Answer> => this.must('backup', 'orders');

  /** From now on the log goes to the store. */
  async #stream(): Promise<void> {
    const workspace = await openWorkspace({
      planFile: this.place.path('lifeboat.yaml'),
      stateFolder: this.place.path('another-state'),
      progress: silentProgress,
    });
    const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
    this.#streaming = {
      until: stream.until,
      stop: async () => {
        await stream.stop();
        await workspace.close();
      },
    };
  }

  /** Every row of a table is deleted; the number of the transaction, which is in the store. The stream ends. */
  async mistake(): Promise<string> {
    await this.cluster.sql(
      `begin; delete from orders; create table mark as select pg_current_xact_id()::text as id; commit`,
    );
    const [mark] = await this.cluster.sql('select id, pg_current_wal_flush_lsn()::text as lsn from mark');
    await this.#streaming?.until(String(mark?.['lsn']));
    await this.#streaming?.stop();
    this.#streaming = undefined;
    return String(mark?.['id']);
  }

  restore = (...words: string[]): Promise<Answer> => this.restoreTo(this.cluster.dataFolder, ...words);

  restoreTo = (folder: string, ...words: string[]): Promise<Answer> =>
    this.place.run('restore', 'orders', '--to', folder, '--in-place', ...words);

  undo = (...words: string[]): Promise<Answer> =>
    this.place.run(
      'restore',
      'undo',
      'orders',
      '--to',
      this.cluster.dataFolder,
      '--yes',
      '--server',
      this.server,
      ...words,
    );

  /** The undoing, whose store goes away when it has what is there now. */
  async undoCutOff(): Promise<unknown> {
    let isGone = false;
    const workspace = await openWorkspace({
      planFile: this.place.path('lifeboat.yaml'),
      stateFolder: this.place.path('.lifeboat'),
      progress: silentProgress,
      wrapStore: (store) =>
        changed(store, {
          put: async (name, ...words) => {
            await store.put(name, ...words);
            isGone ||= name.startsWith('points/');
          },
          get: async (...words) => {
            if (isGone) throw new LifeboatError('store.unreachable', 'the store is gone');
            return store.get(...words);
          },
        }),
    });
    try {
      return await undoInPlace(workspace, { asset: 'orders', target: this.cluster.dataFolder });
    } finally {
      await workspace.close();
    }
  }

  /** With nothing but its own configuration and where it listens. */
  start = (): Promise<void> => this.cluster.restart();

  /** A page of zeros in the middle, as a disk that lies leaves it: neither size nor time tells. */
  async damage(path: string): Promise<void> {
    const { atime, mtime } = await stat(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(8192, 7), 0, 8192, 3 * 8192);
    await file.close();
    await utimes(path, atime, mtime);
  }

  async otherCluster(control: string): Promise<void> {
    const bytes = await readFile(control);
    for (let at = 200; at < 1024; at += 4) {
      if (sumOf(bytes, at) !== bytes.toString('hex', at, at + 4)) continue;
      bytes.writeBigUInt64LE(7_000_000_000_000_000_001n, 0);
      bytes.write(sumOf(bytes, at), at, 'hex');
      return writeFile(control, bytes);
    }
    throw new Error('the control file has no checksum');
  }

  async must(...words: string[]): Promise<Answer> {
    const answer = await this.place.run(...words);
    if (answer.exitCode !== 0) throw new Error(answer.stdout + answer.stderr);
    return answer;
  }

  async end(): Promise<void> {
    await this.#streaming?.stop();
    await this.cluster.destroy();
  }
}

function sumOf(bytes: Buffer, end: number): string {
  const sum = new Crc32c();
  sum.update(bytes.subarray(0, end));
  return sum.hex();
}

/** Everything below a folder: what it is, whose, and the hash of what is in it. */
export async function portraitOf(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const one of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(one.parentPath, one.name);
    const { mode, uid, gid, size } = await stat(path);
    const hash = one.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    found.set(path.slice(folder.length + 1), `${mode} ${uid} ${gid} ${one.isFile() ? size : ''} ${hash}`);
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
