import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { endOf, Place } from '../support/lifeboat.ts';
import { quickFolder } from '../support/quick-folder.ts';
import { MemoryLimit } from './machine.ts';

const program = fileURLToPath(new URL('../../bin/lifeboat', import.meta.url));

export interface Ended {
  /** null: ended by a signal. */
  readonly exitCode: number | null;
  readonly json: Record<string, unknown>;
  /** Everything it said, for the message of a test that fails. */
  readonly said: string;
}

/** A plan with a folder (`docs`) and a SQLite database (`shop`), and `bin/lifeboat` run on it as a process of its own. */
export class RealPlace {
  readonly place: Place;
  /** Words before the program: a limit, a preloaded library. */
  around: readonly string[] = [];

  private constructor(place: Place) {
    this.place = place;
  }

  /** In memory, unless a folder is given. */
  static async make(folder?: string): Promise<RealPlace> {
    const place = Place.in(folder ?? (await quickFolder('lifeboat-real-')));
    const real = new RealPlace(place);
    await mkdir(place.path('docs', 'deep'), { recursive: true });
    // An identity: a passphrase would cost a second of processor in each of hundreds of processes.
    const { json } = await real.run('keys', 'create', '--identity', './identity');
    await writeFile(
      place.path('lifeboat.yaml'),
      `lifeboat: 1
plan: real
domains: { safe: {}, here: {} }
keys: { main: { recipients: [${json['recipient']}], identity: { file: ./identity }, domain: safe } }
stores: { near: { type: fs, path: ./disk/store, domain: safe } }
assets:
  docs: { type: files, path: ./docs, domain: here }
  shop: { type: sqlite, path: ./shop.db, domain: here }
`,
    );
    await real.change();
    return real;
  }

  path(...parts: string[]): string {
    return this.place.path(...parts);
  }

  start(...words: string[]): ChildProcess {
    const [first, ...rest] = [...this.around, process.execPath, program, ...words, '--json'];
    return spawn(first as string, rest, { cwd: this.place.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async run(...words: string[]): Promise<Ended> {
    return ended(this.start(...words));
  }

  /** In this process, which is quicker, and it must end well: for what comes before and after the fault. */
  async mustRun(...words: string[]): Promise<Ended> {
    const { exitCode, json, stdout, stderr } = await this.place.run(...words);
    const answer = { exitCode, json, said: stdout + stderr };
    assert.equal(answer.exitCode, 0, `lifeboat ${words.join(' ')}: ${answer.said}`);
    return answer;
  }

  /** New bytes in every file and in the database, and a stamp by which they are known: what a restore brings is one state, whole. */
  async change(files = 4, bytes = 60_000): Promise<string> {
    const stamp = randomBytes(8).toString('hex');
    for (let file = 0; file < files; file += 1) {
      await writeFile(
        this.path('docs', 'deep', `${file}.bin`),
        Buffer.concat([Buffer.from(stamp), randomBytes(bytes)]),
      );
    }
    const database = new DatabaseSync(this.path('shop.db'));
    database.exec('create table if not exists orders (stamp text, filler blob); delete from orders');
    const insert = database.prepare('insert into orders values (?, ?)');
    for (let row = 0; row < 10; row += 1) insert.run(stamp, randomBytes(20_000));
    database.close();
    return stamp;
  }

  /** A restored folder: every file of one and the same state, in its full length. Returns the stamp. */
  async stampOf(target: string, files = 4, bytes = 60_000): Promise<string> {
    const names = await readdir(join(target, 'deep'));
    assert.deepEqual(names.toSorted(), Array.from({ length: files }, (_, file) => `${file}.bin`).toSorted());
    const stamps = new Set<string>();
    for (const name of names) {
      const content = await readFile(join(target, 'deep', name));
      assert.equal(content.length, 16 + bytes);
      stamps.add(content.subarray(0, 16).toString());
    }
    assert.equal(stamps.size, 1, 'files of several states');
    return [...stamps][0] as string;
  }

  async remove(): Promise<void> {
    await this.place.remove();
  }
}

/** Seconds of work at most; a program that takes this long, on however busy a machine, waits for something that never comes. */
const commandMsMax = 300_000;

/** A program that does not end is killed, ends by a signal then, and what it said says why. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let hung = '';
  const limit = setTimeout(() => {
    hung = `killed: it had not ended after ${commandMsMax / 1000} s\n`;
    child.kill('SIGKILL');
  }, commandMsMax);
  try {
    const { exitCode, stdout, stderr } = await endOf(child);
    return { exitCode, json: parse(stdout), said: `${stdout}${stderr}${hung}` };
  } finally {
    clearTimeout(limit);
  }
}

/** Runs a command line in a process that may take so many bytes of memory. */
export async function runWithin(real: RealPlace, bytesMax: number, ...words: string[]): Promise<Ended> {
  const limit = new MemoryLimit(bytesMax);
  real.around = limit.within();
  try {
    return await real.run(...words);
  } finally {
    real.around = [];
    limit.remove();
  }
}

export const pointsOf = ({ json }: Ended): { id: string; asset: string }[] =>
  (json['points'] ?? []) as { id: string; asset: string }[];

export const codeOf = ({ json }: Ended): string | undefined => (json['error'] as { code?: string } | undefined)?.code;

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {}; // it was killed before it answered
  }
}
