import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Place } from './lifeboat.ts';

/** A command with `--json` that goes on, and what it says on the way, one object a line. */
export class ToldChild {
  readonly #child: ChildProcess;
  #last: Record<string, unknown> = {};

  constructor(place: Place, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = place.start([...words, '--json'], env);
    this.#child.stdout?.resume();
    this.#child.stderr?.on('data', (piece: Buffer) => {
      for (const line of piece.toString().split('\n'))
        if (line.startsWith('{"')) this.#last = JSON.parse(line) as Record<string, unknown>;
    });
  }

  get last(): Record<string, unknown> {
    return this.#last;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(signal);
    await once(this.#child, 'close');
  }
}
