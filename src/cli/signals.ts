import type { EventEmitter } from 'node:events';
import { LifeboatError, limits, systemClock, type Clock } from '../core/index.ts';

/** The part of `process` that is needed. */
export interface SignalTarget extends EventEmitter {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): unknown;
}

/**
 * The first SIGINT or SIGTERM asks the work to stop: the returned signal fires with `operation.cancelled`, so that
 * programs are ended, bubbles destroyed and sessions closed. The second one ends the process at once; a shell sees 130
 * or 143. A line to the terminal that breaks (SIGHUP) asks as well, unless it `outlives` that, as under nohup, or a command has a use of its own for
 * that signal; a session that ends breaks the line and sends SIGTERM right behind, so that this is none of the two. One press of Ctrl-C may arrive twice (from the terminal, and again from `npm run`): that is one request.
 */
export function installSignals(target: SignalTarget, clock: Clock = systemClock, outlives = false): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    target.on(name, () => {
      if (firstMs === undefined) {
        firstMs = clock.elapsed();
        controller.abort(stoppedBy(name));
      } else if (clock.elapsed() - firstMs >= limits.sameSignalMs) {
        endAtOnce(target, name);
      }
    });
  }
  target.on('SIGHUP', () => {
    if (!outlives && target.listenerCount('SIGHUP') === 1) controller.abort(stoppedBy('SIGHUP'));
  });
  return controller.signal;
}

/** By the signal itself and not by `exit`, which would wait for a thread that hangs in a read of a dead disk. */
function endAtOnce(target: SignalTarget, name: NodeJS.Signals): void {
  target.removeAllListeners(name);
  target.kill(target.pid, name);
}

const stoppedBy = (name: string): LifeboatError =>
  new LifeboatError('operation.cancelled', `stopped by ${name}`, {
    hint: 'What was finished before is kept; run the same command again to go on.',
  });
