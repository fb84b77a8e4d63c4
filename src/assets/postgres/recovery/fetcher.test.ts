import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, ManualClock, type Clock } from '../../../core/index.ts';
import { whyNoMount } from '../../../testing/mounting.ts';
import { serverUser } from '../server/index.ts';
import { LogFetcher, type LogFiles } from './fetcher.ts';

const segments = Array.from({ length: 20 }, (_, index) => `0000000100000000000000${(index + 16).toString(16)}`);
/** As the fetcher's own bounds say. */
const [ahead, atOnce] = [8, 4];

let folder: string;
let fetcher: LogFetcher | undefined;

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fetcher-'))));
afterEach(async () => {
  await fetcher?.close();
  await rm(folder, { recursive: true });
});

/** A log in a store that answers when the test lets it, and what was asked of it. */
class SlowLog implements LogFiles {
  readonly failureCode: 1 | 126;
  readonly asks: string[] = [];
  readonly answered: string[] = [];
  atOnceMax = 0;
  answers = true;
  readonly #left = [...segments];
  readonly #held: (() => void)[] = [];

  constructor(failureCode: 1 | 126 = 126) {
    this.failureCode = failureCode;
  }

  next = (): string | undefined => this.#left.shift();
  asked = (): void => {};

  async bytesOf(name: string): Promise<Uint8Array> {
    this.asks.push(name);
    this.atOnceMax = Math.max(this.atOnceMax, this.asks.length - this.answered.length);
    if (!this.answers) await new Promise<void>((resolve) => this.#held.push(resolve));
    this.answered.push(name);
    return Buffer.from(`log of ${name}`);
  }

  answer(): void {
    this.answers = true;
    for (const go of this.#held.splice(0)) go();
  }
}

async function fetching(log: SlowLog, clock?: Clock): Promise<void> {
  fetcher = new LogFetcher(log, clock);
  await fetcher.begin(join(folder, 'log'));
}

/** What a server does with a file of its log: it calls the command, and has it. */
async function served(name: string, as = 'taken'): Promise<string> {
  const path = join(folder, as);
  const command = (fetcher as LogFetcher).command.replace(`'%f'`, name).replace(`'%p'`, `'${path}'`);
  await promisify(execFile)('sh', ['-c', command]);
  return readFile(path, 'utf8');
}

describe('the log of a replay is fetched beside what goes on', () => {
  it('while the point is still written and no server asks: eight segments lie ready when it begins, and no more take room', async () => {
    const log = new SlowLog();
    await fetching(log);
    const ready = async (): Promise<string[]> => (await readdir(join(folder, 'log', 'ready'))).toSorted();
    await expect.poll(ready).toEqual(segments.slice(0, ahead));
    expect(log.asks).toEqual(segments.slice(0, ahead));
  });

  it('one as soon as another has come, and not when it is time to look: without a moment passing all eight lie ready', async () => {
    const log = new SlowLog();
    await fetching(log, new ManualClock());
    const ready = async (): Promise<string[]> => (await readdir(join(folder, 'log', 'ready'))).toSorted();
    await expect.poll(ready).toEqual(segments.slice(0, ahead));
  });

  it('while the server replays what it has: before it asks for the next segment, the store has answered for another eight further on', async () => {
    const log = new SlowLog();
    await fetching(log);
    for (const [index, name] of segments.entries()) {
      expect(await served(name)).toBe(`log of ${name}`);
      // The server replays it now, and asks for nothing.
      const due = Math.min(index + 1 + ahead, segments.length);
      await expect.poll(() => log.answered.length).toBe(due);
    }
    // Each once, though both the server and the way ahead name it.
    expect(log.asks.toSorted()).toEqual(segments);
  });

  it('from a store that is slow to answer with four requests at once, so that nobody waits for one after the other', async () => {
    const log = new SlowLog();
    log.answers = false;
    await fetching(log);
    await expect.poll(() => log.asks.length).toBe(atOnce);
    log.answer();
    await expect.poll(() => log.answered.length).toBe(ahead);
    expect(log.atOnceMax).toBe(atOnce);
  });

  it('ahead of what cannot be brought, which is no failure until the server asks for it: the target may lie before that', async () => {
    const [first = '', second = '', third = ''] = segments;
    const log = new SlowLog();
    const bytesOf = log.bytesOf.bind(log);
    let isMended = false;
    log.bytesOf = async (name) => {
      if (name === second || (name === third && !isMended))
        throw new LifeboatError('repository.damaged', `${name} is changed`);
      return bytesOf(name);
    };
    await fetching(log);
    await expect.poll(() => log.answered.length).toBeGreaterThan(ahead - 2);
    expect(await served(first)).toBe(`log of ${first}`);
    isMended = true;
    expect(await served(third)).toBe(`log of ${third}`);
    expect(fetcher?.failure).toBeUndefined();
    await expect(served(second)).rejects.toMatchObject({ code: 126 });
    expect(fetcher?.failure).toMatchObject({ code: 'repository.damaged', message: `${second} is changed` });
  });

  it('into a folder that is removed at the end also while a server that ends still puts names there', async () => {
    await fetching(new SlowLog());
    const want = join(folder, 'log', 'want');
    const words = ['-c', 'i=0; while [ $i -lt 3000 ] && : > "$0/$$-$i"; do i=$((i+1)); done 2> /dev/null', want];
    const servers = Array.from({ length: 4 }, () => once(spawn('sh', words), 'close'));
    await expect.poll(() => readdir(want)).not.toEqual([]);
    await fetcher?.close();
    await Promise.all(servers);
    expect(await readdir(folder)).toEqual([]);
  });

  it('whose folder goes away is a failure that is told, and not the end of the process', async () => {
    await fetching(new SlowLog());
    await rename(join(folder, 'log'), join(folder, 'gone'));
    await expect.poll(() => fetcher?.failure?.message, { timeout: 10_000 }).toMatch(/ENOENT/);
    await fetcher?.close();
  });

  it('anew in the folder of one that was killed: what it had brought, missed or failed at is not taken for true now', async () => {
    const [first = '', second = '', third = ''] = segments;
    const left = join(folder, 'log');
    for (const name of ['want', 'ready', 'missing']) await mkdir(join(left, name), { recursive: true });
    await writeFile(join(left, 'failed'), '');
    await writeFile(join(left, 'ready', first), 'half of it, or of another server');
    await writeFile(join(left, 'missing', second), '');
    await writeFile(join(left, `${third}.coming`), 'half of it');
    const log = new SlowLog(1);
    log.answers = false;
    await fetching(log);
    const found = (await readdir(left)).toSorted();
    const asked = Promise.all([first, second].map((name) => served(name, `taken as ${name}`)));
    asked.catch(() => {}); // looked at below
    await expect.poll(() => log.asks.length).toBe(atOnce);
    log.answer();
    expect(await asked).toEqual([`log of ${first}`, `log of ${second}`]);
    expect(found).toEqual(['failing', 'fetch', 'missing', 'placing', 'process', 'ready', 'want']);
  });

  it('for a standby on behind a failure, which is told until something could be brought again', async () => {
    const [first = '', second = ''] = segments;
    const log = new SlowLog(1);
    await fetching(log);
    await expect.poll(() => log.answered.length).toBe(ahead);
    await rename(join(folder, 'log', 'ready'), join(folder, 'log', 'full'));
    await expect.poll(() => fetcher?.failure?.message).toMatch(/ENOENT/);
    await expect(served(second)).rejects.toMatchObject({ code: 1 });
    await rename(join(folder, 'log', 'full'), join(folder, 'log', 'ready'));
    expect(await served(first)).toBe(`log of ${first}`);
    await expect.poll(() => fetcher?.failure).toBeUndefined();
    expect(await readdir(join(folder, 'log'))).not.toContain('failed');
  });

  it.skipIf(whyNoMount !== undefined)(
    `for a server whose disk does not take a file: a standby is not ended by that and asks again, a restore ends, and both say why${whyNoMount === undefined ? '' : ` (skipped: ${whyNoMount})`}`,
    async () => {
      const [first = '', second = ''] = segments;
      const full = join(folder, 'full');
      await mkdir(full);
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]).status).toBe(0);
      try {
        for (const failureCode of [1, 126] as const) {
          await writeFile(join(full, 'other'), Buffer.alloc(64 * 2 ** 10));
          const log = new SlowLog(failureCode);
          await fetching(log);
          await expect.poll(() => log.answered.length).toBe(ahead);
          await expect(served(first, 'full/taken')).rejects.toMatchObject({ code: failureCode });
          await expect.poll(() => fetcher?.failure).toMatchObject({ code: 'disk.full' });
          // Nothing of it is left in the way of the next try.
          expect(await readdir(full)).toEqual(['other']);
          await expect(served(first, 'full/taken')).rejects.toMatchObject({ code: failureCode });
          await rm(join(full, 'other'));
          expect(await served(first, 'full/taken')).toBe(`log of ${first}`);
          expect(await served(second, 'full/taken')).toBe(`log of ${second}`);
          await expect.poll(() => fetcher?.failure).toBeUndefined();
          await fetcher?.close();
          await rm(join(full, 'taken'));
        }
      } finally {
        spawnSync('umount', ['--lazy', full]);
      }
    },
  );

  it('for a server that may not write where it takes a file from: that is told, and not that its disk is full', async () => {
    const [first = ''] = segments;
    const log = new SlowLog(1);
    await fetching(log);
    await expect.poll(() => log.answered.length).toBe(ahead);
    // As root the server is another user; else nobody may write into the folder.
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o555 });
    await chmod(folder, 0o711);
    const command = (fetcher as LogFetcher).command.replace(`'%f'`, first).replace(`'%p'`, `'${closed}/taken'`);
    expect(spawnSync('sh', ['-c', command], { ...(await serverUser()) }).status).toBe(1);
    await expect.poll(() => fetcher?.failure).toMatchObject({ code: 'disk.denied' });
    expect(await served(first)).toBe(`log of ${first}`);
    await expect.poll(() => fetcher?.failure).toBeUndefined();
  });

  it('for a standby, and takes back what it said of a failure later where that cannot be done at once', async () => {
    const log = new SlowLog(1);
    await fetching(log);
    await expect.poll(() => log.answered.length).toBe(ahead);
    const [said, taken] = ['failed', 'failing'].map((name) => join(folder, 'log', name)) as [string, string];
    await rename(join(folder, 'log', 'ready'), join(folder, 'log', 'full'));
    await expect.poll(() => readdir(join(folder, 'log'))).toContain('failed');
    await mkdir(join(taken, 'in the way'), { recursive: true });
    await rename(join(folder, 'log', 'full'), join(folder, 'log', 'ready'));
    expect(await served(segments[0] ?? '')).toBe(`log of ${segments[0]}`);
    await expect.poll(() => log.answered.length).toBe(ahead + 1);
    await rm(taken, { recursive: true });
    expect(await served(segments[1] ?? '')).toBe(`log of ${segments[1]}`);
    await expect
      .poll(() =>
        readFile(said).then(
          () => 'said',
          () => 'taken back',
        ),
      )
      .toBe('taken back');
    expect(fetcher?.failure).toBeUndefined();
  });
});
