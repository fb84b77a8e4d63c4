import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './lifeboat.ts';

export interface Line {
  readonly event: string;
  readonly task?: string;
  readonly words?: string;
  readonly url?: string;
  readonly outcome?: { readonly state: string; readonly words: string };
}

/** `lifeboat serve --json` as a program of its own, and what it says. */
export class Served {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #pieces = '';
  stdout = '';

  constructor(place: Place, words: readonly string[]) {
    this.#child = place.start(['serve', '--json', '--listen', '127.0.0.1:0', ...words]);
    this.#child.stdout?.on('data', (piece: Buffer) => (this.stdout += piece.toString()));
    this.#child.stderr?.on('data', (piece: Buffer) => this.#take(piece.toString()));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** The first line after the given one that is as wanted. Waits as long as a busy machine may need. */
  async until(wanted: (line: Line) => boolean, after = 0): Promise<Line> {
    for (let tries = 0; tries < 1200; tries += 1) {
      const found = this.lines.slice(after).find(wanted);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`it was never said; but: ${JSON.stringify(this.lines, null, 1)} ${this.stdout}`);
  }

  done = (task: string, after = 0): Promise<Line> =>
    this.until((line) => line.event === 'ended' && line.task === task && line.outcome?.state === 'done', after);

  said = (event: string, after = 0): Promise<Line> => this.until((line) => line.event === event, after);

  async get(path: string): Promise<{ status: number; text: string }> {
    const { url } = await this.said('listening');
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** The exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return this.#ended;
  }

  tell = (signal: NodeJS.Signals): boolean => this.#child.kill(signal);

  #take(piece: string): void {
    this.#pieces += piece;
    const lines = this.#pieces.split('\n');
    this.#pieces = lines.pop() ?? '';
    for (const line of lines) this.lines.push(lineOf(line));
  }
}

function lineOf(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { event: 'no json', words: text }; // the test that waits for something shows it
  }
}
