import { chmod, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, systemClock, toLifeboatError } from '../../../core/index.ts';
import type { LogListing, LogPiece, LogReader } from '../../log.ts';
import { floorTo, segmentName, segmentOfName } from '../lsn.ts';
import { serverUser, type ServerUser } from '../server/index.ts';
import { readStretch, type Leg } from './survey-log.ts';

/** Whole segments that wait for the server: enough that it never waits for a store, little on the disk. */
const segmentsAhead = 8;
const fetchedAtOnce = 4;
const lookMs = 20;

/**
 * What the server calls for each file of its log. It moves a file that is there already, or asks for it and waits. Exit code 1 says that
 * there is no such file, which a server takes for the end of the log; 126 says that something went wrong, and stops the server.
 */
const script = `#!/bin/sh
# Called by a restored PostgreSQL: NAME DESTINATION FOLDER PROCESS
if [ ! -e "$3/ready/$1" ]; then : > "$3/want/$1" || exit 126; fi
while :; do
  if [ -e "$3/ready/$1" ]; then mv "$3/ready/$1" "$2" && exit 0; exit 126; fi
  if [ -e "$3/missing/$1" ]; then exit 1; fi
  if [ -e "$3/failed" ]; then exit 126; fi
  if [ -d /proc/self ] && [ ! -d "/proc/$4" ]; then exit 126; fi
  sleep 0.02
done
`;

/** Brings the log of a replay into a folder, ahead of the server that asks for it file by file. */
export class LogFetcher {
  readonly #log: LogReader;
  readonly #listing: LogListing;
  readonly #legs: readonly Leg[];
  readonly #segmentBytes: number;
  readonly #stop = new AbortController();
  readonly #under = new Map<string, Promise<void>>();
  /** Names that were made ready, in the order of the log. */
  #ahead: string[];
  #readyBefore = 0;
  #folder = '';
  #user: ServerUser | undefined;
  #done: Promise<void> | undefined;
  #failure: LifeboatError | undefined;
  #servedMs = systemClock.elapsed();

  constructor(log: LogReader, listing: LogListing, legs: readonly Leg[], segmentBytes: number) {
    this.#log = log;
    this.#listing = listing;
    this.#legs = legs;
    this.#segmentBytes = segmentBytes;
    this.#ahead = this.#sequence();
  }

  /** Why the server got a refusal, if it did. */
  get failure(): LifeboatError | undefined {
    return this.#failure;
  }

  /** When the server last asked for something, by the clock that never jumps. */
  get servedMs(): number {
    return this.#servedMs;
  }

  async begin(folder: string): Promise<void> {
    this.#folder = folder;
    this.#user = await serverUser();
    for (const path of [folder, ...['want', 'ready', 'missing'].map((name) => join(folder, name))]) {
      await mkdir(path, { mode: 0o700 });
      await this.#give(path);
    }
    await writeFile(join(folder, 'fetch'), script, { mode: 0o700 });
    await this.#give(join(folder, 'fetch'));
    this.#done = this.#serve();
  }

  /** For `restore_command`. */
  get command(): string {
    return `'${join(this.#folder, 'fetch').replaceAll("'", `'\\''`).replaceAll('%', '%%')}' '%f' '%p' '${this.#folder.replaceAll("'", `'\\''`).replaceAll('%', '%%')}' ${process.pid}`;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await Promise.allSettled(this.#under.values());
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  /** Each segment on the newest timeline that holds it, as the server will ask. */
  #sequence(): string[] {
    return this.#legs.flatMap(({ timeline, from, to, forkAt }) => {
      const names: string[] = [];
      const end = forkAt === undefined ? to : floorTo(forkAt, this.#segmentBytes);
      for (let at = from; at < end; at += BigInt(this.#segmentBytes))
        names.push(segmentName(timeline, at, this.#segmentBytes));
      return names;
    });
  }

  async #serve(): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const [wanted, ready] = await Promise.all(['want', 'ready'].map((name) => readdir(join(this.#folder, name))));
        for (const name of wanted ?? []) {
          this.#servedMs = systemClock.elapsed();
          // Asked for: no longer ahead. It may be asked for again.
          this.#ahead = this.#ahead.filter((one) => one !== name);
          if (ready?.includes(name) !== true) this.#fetch(name);
          await rm(join(this.#folder, 'want', name), { force: true });
        }
        if ((ready?.length ?? 0) < this.#readyBefore) this.#servedMs = systemClock.elapsed();
        this.#readyBefore = ready?.length ?? 0;
        const coming = this.#readyBefore + this.#under.size;
        for (let room = Math.min(segmentsAhead - coming, fetchedAtOnce - this.#under.size); room > 0; room -= 1) {
          const next = this.#ahead.shift();
          if (next === undefined) break;
          this.#fetch(next);
        }
        await systemClock.sleep(lookMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) await this.#fail(error);
    }
  }

  #fetch(name: string): void {
    if (this.#under.has(name)) return;
    const fetched = this.#bring(name)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#under.delete(name));
    this.#under.set(name, fetched);
  }

  async #bring(name: string): Promise<void> {
    const bytes = await this.#bytesOf(name);
    if (bytes === undefined) return writeFile(join(this.#folder, 'missing', name), '');
    const temporary = join(this.#folder, `${name}.coming`);
    await writeFile(temporary, bytes, { mode: 0o600 });
    await this.#give(temporary);
    await rename(temporary, join(this.#folder, 'ready', name));
  }

  /** `undefined`: the log has no such file, and the audit knew. */
  async #bytesOf(name: string): Promise<Buffer | undefined> {
    const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (history !== undefined) {
      const timeline = Number.parseInt(history, 16);
      return this.#listing.histories.includes(timeline) ? Buffer.from(await this.#log.history(timeline)) : undefined;
    }
    const segment = segmentOfName(name, this.#segmentBytes);
    if (segment === undefined) return undefined;
    const leg = this.#legs.find(({ timeline }) => timeline === segment.timeline);
    const { start, timeline } = segment;
    const end = start + BigInt(this.#segmentBytes);
    // Before the first leg the point brings its own log; behind the last one is nothing that was audited.
    if (leg === undefined || start < leg.from || start >= leg.to) return undefined;
    const whole = Buffer.alloc(this.#segmentBytes);
    const known = { timeline, start, end: end < leg.to ? end : leg.to };
    (await readStretch(this.#log, this.#pieces, known, { signal: this.#stop.signal })).copy(whole);
    return whole;
  }

  get #pieces(): readonly LogPiece[] {
    return this.#listing.pieces;
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#failure ??= toLifeboatError(error);
    await writeFile(join(this.#folder, 'failed'), '');
    await chmod(join(this.#folder, 'failed'), 0o644);
  }

  async #give(path: string): Promise<void> {
    if (this.#user !== undefined) await chown(path, this.#user.uid, this.#user.gid);
  }
}
