import type { EventEmitter } from 'node:events';
import { LifeboatError } from '../core/index.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The first SIGINT or SIGTERM asks the work to stop: the returned signal fires with `operation.cancelled`, so that
 * programs are ended, bubbles destroyed and sessions closed. The second one ends the process at once with 130 or 143.
 */
export function installSignals(target: EventEmitter & { exit(code: number): void }): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    target.on(name, () => {
      if (controller.signal.aborted) return target.exit(exitCodes[name]);
      controller.abort(
        new LifeboatError('operation.cancelled', `stopped by ${name}`, {
          hint: 'What was finished before is kept; run the same command again to go on.',
        }),
      );
    });
  }
  return controller.signal;
}
