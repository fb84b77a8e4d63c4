import { chown, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { free, systemClock, systemCodeOf, LifeboatError, toLifeboatError, type Clock } from '../../../core/index.ts';
import { serverUser, type ServerUser } from '../server/index.ts';

/** Whole segments that wait for the server: enough that it never waits for a store, little on the disk. */
const segmentsAhead = 8;
const fetchedAtOnce = 4;
/** Tries to remove the folder, each a little later than the one before. */
const removalsMax = 10;
const lookMs = 20;
/** Stands behind the name of a file until it is whole. */
const coming = '.coming';

/**
 * What the server calls for each file of its log. It moves a file that is there already, or asks for it and waits. Exit code 1 says that
 * there is no such file, which a server takes for the end of the log; 126 says that something went wrong, and stops the server. A standby asks
 * again later whatever was wrong, so to it we say 1: it goes on to answer people while nobody brings it log. A file that cannot be moved, mostly because the
 * disk of the server has no room, stays for the next call; that is told by a rename, which needs none, to a name that says why.
 */
const script = `#!/bin/sh
# Called by a restored PostgreSQL: NAME DESTINATION FOLDER EXIT_CODE_OF_FAILURE
LC_ALL=C; export LC_ALL
unplaced() {
  rm -f "$2"
  case $said in *'No space left'*|*quota*) why=full ;; *'ermission denied'*|*'not permitted'*|*'Read-only'*) why=denied ;; *) why=failed ;; esac
  mv "$3/placing" "$3/unplaced-$why" 2> /dev/null
  exit "$4"
}
if [ ! -e "$3/ready/$1" ]; then : > "$3/want/$1" || exit "$4"; fi
while :; do
  if [ -e "$3/ready/$1" ]; then
    said=$(mv "$3/ready/$1" "$2" 2>&1) && exit 0
    echo "$said" >&2
    if [ -e "$3/ready/$1" ]; then unplaced "$@"; fi
    : > "$3/want/$1" || exit "$4"
  fi
  if [ -e "$3/missing/$1" ]; then rm -f "$3/missing/$1"; exit 1; fi
  if [ -e "$3/failed" ]; then exit "$4"; fi
  if [ -d /proc/self ] && [ ! -d "/proc/$(cat "$3/process")" ]; then exit "$4"; fi
  sleep 0.02
done
`;

/** By the name under which the script tells that a file could not be moved. */
const unplacedWords = {
  'unplaced-full': { code: 'disk.full', hint: 'Make room on the disk of the server.' },
  'unplaced-denied': { code: 'disk.denied', hint: 'Let the user of the server write into its data directory.' },
  'unplaced-failed': { code: 'disk.io', hint: 'Look at the disk of the server.' },
} as const;

/** What a fetcher brings: the files of a log by their names. */
export interface LogFiles {
  /** The next file that the server will ask for, once; `undefined`: none that is whole yet. */
  next(): string | undefined;
  /** The server asked for it. */
  asked(name: string): void;
  /** `undefined`: the log has no such file. The memory is given back when they are written. */
  bytesOf(name: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** What the server is told when something went wrong: 126 ends it, 1 lets it ask again. */
  readonly failureCode: 1 | 126;
}

/** Brings the log of a replay into a folder, ahead of the server that asks for it file by file. */
export class LogFetcher {
  readonly #files: LogFiles;
  readonly #stop = new AbortController();
  readonly #under = new Map<string, Promise<void>>();
  /** What the server asked for and has not been brought yet. */
  readonly #due = new Set<string>();
  /** Ends the wait for the next look. */
  #look = new AbortController();
  #readyBefore: readonly string[] = [];
  #folder = '';
  #user: ServerUser | undefined;
  #done: Promise<void> | undefined;
  #failure: LifeboatError | undefined;
  /** Of a file that was brought and that the server's disk does not take, until it takes one. */
  #unplaced: LifeboatError | undefined;
  readonly #clock: Clock;
  #servedMs: number;
  #firstAskedMs: number | undefined;

  constructor(files: LogFiles, clock: Clock = systemClock) {
    this.#files = files;
    this.#clock = clock;
    this.#servedMs = clock.elapsed();
  }

  /** Why the server got a refusal, if it did; of one that asks again, until one answer could be given. */
  get failure(): LifeboatError | undefined {
    return this.#failure ?? this.#unplaced;
  }

  /** When the server last asked for something, by the clock that never jumps. */
  get servedMs(): number {
    return this.#servedMs;
  }

  /** Seconds since the server first wanted log; undefined: it never did. */
  get askedForSeconds(): number | undefined {
    return this.#firstAskedMs === undefined ? undefined : (this.#clock.elapsed() - this.#firstAskedMs) / 1000;
  }

  async begin(folder: string): Promise<void> {
    this.#folder = folder;
    this.#user = await serverUser();
    for (const path of [folder, ...['want', 'ready', 'missing'].map((name) => join(folder, name))]) {
      await mkdir(path, { mode: 0o700, recursive: true });
      await this.#give(path);
    }
    await this.#clear();
    await this.#put('process', String(process.pid), 0o600);
    await this.#put('fetch', script, 0o700);
    for (const name of ['failing', 'placing']) await this.#put(name, '', 0o644);
    this.#done = this.#serve();
  }

  /**
   * What one that was killed left says nothing of now: that it had failed, what was missing, half a segment that is whole since, or log of another
   * server that was here. A server that outlived it may be asking: what it wants stays.
   */
  async #clear(): Promise<void> {
    for (const name of ['failed', ...Object.keys(unplacedWords)]) await rm(join(this.#folder, name), { force: true });
    for (const name of ['', 'ready', 'missing']) {
      for (const left of await readdir(join(this.#folder, name)))
        if (name !== '' || left.endsWith(coming)) await rm(join(this.#folder, name, left), { force: true });
    }
  }

  /** For `restore_command`. */
  get command(): string {
    return `'${join(this.#folder, 'fetch').replaceAll("'", `'\\''`).replaceAll('%', '%%')}' '%f' '%p' '${this.#folder.replaceAll("'", `'\\''`).replaceAll('%', '%%')}' ${this.#files.failureCode}`;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#look.abort();
    await this.#done;
    await Promise.allSettled(this.#under.values());
    // A server that is just ending may still put a name there.
    if (this.#folder !== '')
      await rm(this.#folder, { recursive: true, force: true, maxRetries: removalsMax, retryDelay: lookMs });
  }

  async #serve(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#look = new AbortController();
      try {
        await this.#round();
      } catch (error) {
        if (signal.aborted) return;
        await this.#fail(error);
        if (!this.#asksAgain) return;
      }
      // Sooner when something has come, which makes room for the next.
      await this.#clock.sleep(lookMs, this.#look.signal).catch(() => {});
    }
  }

  get #asksAgain(): boolean {
    return this.#files.failureCode === 1;
  }

  async #round(): Promise<void> {
    const under = [...this.#under.keys()];
    const [wanted, ready] = await Promise.all(['want', 'ready'].map((name) => readdir(join(this.#folder, name))));
    for (const name of wanted ?? []) {
      this.#served();
      this.#files.asked(name);
      if (ready?.includes(name) !== true) {
        this.#due.add(name);
        this.#fetch(name);
      }
      await rm(join(this.#folder, 'want', name), { force: true });
    }
    // Before it is looked what was taken: that came later, or is seen in the next round.
    await this.#lookForUnplaced();
    // By their names: as many may lie there as before.
    if (this.#readyBefore.some((name) => ready?.includes(name) !== true)) {
      this.#served();
      this.#unplaced = undefined;
    }
    this.#readyBefore = ready ?? [];
    // What came meanwhile is in neither list.
    const expected = new Set([...(ready ?? []), ...under, ...this.#under.keys()]);
    for (let room = Math.min(segmentsAhead - expected.size, fetchedAtOnce - this.#under.size); room > 0; room -= 1) {
      const next = this.#files.next();
      if (next === undefined) break;
      this.#fetch(next);
    }
  }

  #served(): void {
    this.#servedMs = this.#clock.elapsed();
    this.#firstAskedMs ??= this.#servedMs;
  }

  /** Told again by each call of the server until it works. */
  async #lookForUnplaced(): Promise<void> {
    for (const [name, { code, hint }] of Object.entries(unplacedWords)) {
      try {
        await rename(join(this.#folder, name), join(this.#folder, 'placing'));
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') continue;
        throw error;
      }
      this.#servedMs = this.#clock.elapsed();
      this.#unplaced = new LifeboatError(code, 'a file of the log cannot be laid where the server takes it from', {
        where: this.#folder,
        hint: `${hint} The server’s own log says what went wrong.`,
      });
    }
  }

  #fetch(name: string): void {
    if (this.#under.has(name)) return;
    const fetched = this.#bring(name)
      // What nobody asked for may lie behind the target: it is a failure when the server asks, for which it is tried again.
      .catch((error: unknown) => (this.#due.has(name) ? this.#fail(error) : undefined))
      .finally(() => {
        this.#under.delete(name);
        this.#due.delete(name);
        this.#look.abort();
      });
    this.#under.set(name, fetched);
  }

  async #bring(name: string): Promise<void> {
    const bytes = await this.#files.bytesOf(name, this.#stop.signal);
    if (bytes === undefined) await writeFile(join(this.#folder, 'missing', name), '');
    else {
      const temporary = join(this.#folder, `${name}${coming}`);
      await writeAtOnce(temporary, bytes);
      free(bytes);
      await this.#give(temporary);
      await rename(temporary, join(this.#folder, 'ready', name));
    }
    await this.#mend();
  }

  /** To a server that asks again a failure is over as soon as one answer could be given; one that was ended by it must hear why. */
  async #mend(): Promise<void> {
    if (this.#failure === undefined || !this.#asksAgain) return;
    try {
      await rename(join(this.#folder, 'failed'), join(this.#folder, 'failing'));
    } catch (error) {
      // The next one mends it, unless the server was never told.
      if (systemCodeOf(error) !== 'ENOENT') return;
    }
    this.#failure = undefined;
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#failure ??= toLifeboatError(error);
    try {
      // A rename needs no room on a disk that may be full.
      await rename(join(this.#folder, 'failing'), join(this.#folder, 'failed'));
    } catch {
      // It was said before, or the folder is gone: nobody can be told more, and whoever waits for the server hears `failure`.
    }
  }

  /** Replaced whole: a server may be reading it. */
  async #put(name: string, text: string, mode: number): Promise<void> {
    const path = join(this.#folder, name);
    await writeFile(`${path}.new`, text, { mode });
    await this.#give(`${path}.new`);
    await rename(`${path}.new`, path);
  }

  async #give(path: string): Promise<void> {
    if (this.#user !== undefined) await chown(path, this.#user.uid, this.#user.gid);
  }
}

/** In one call: `writeFile` would come back to this thread for each half megabyte. */
async function writeAtOnce(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
  } finally {
    await file.close();
  }
}
