import { resolve } from 'node:path';
import {
  LifeboatError,
  limits,
  messageOf,
  readText,
  toLifeboatError,
  type Clock,
  type SecretSource,
} from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** The plan as it is now. */
  plan(): Plan;
  /** Whether the schedule is kept by us, and well. Who stands by or hangs gives no sign of life. */
  isWell(): boolean;
  /** Once when it is lost, and once when it is found again. */
  say(words: string): void;
}

/**
 * A dead man's switch outside: it is asked while all is well, and calls people when it was not asked for a while. It alone notices that a machine, its
 * network and its alarms went away together.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #lastMs: number | undefined;
  #isLost = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** When it last took a sign of life; `never`: none yet; undefined: the plan has none. */
  get lastMs(): number | 'never' | undefined {
    return this.#options.plan().tool.heartbeat === undefined ? undefined : (this.#lastMs ?? 'never');
  }

  /** Until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, plan, isWell } = this.#options;
    while (!signal.aborted) {
      const { heartbeat } = plan().tool;
      const beats = heartbeat !== undefined && isWell();
      if (beats) await this.#beat(heartbeat.url, signal);
      // Who takes over, or is well again, says so at once.
      const waitMs = beats ? (heartbeat.everyMs ?? limits.heartbeatMs) : limits.heartbeatLookMs;
      await clock.sleep(waitMs, signal).catch(() => {}); // told to end
    }
  }

  async #beat(url: string | SecretSource, signal: AbortSignal): Promise<void> {
    const { clock, plan, say } = this.#options;
    try {
      await ask(await readText(besideThePlan(url, plan())), signal);
      this.#lastMs = clock.now();
      if (this.#isLost) say('the dead man’s switch hears of us again');
      this.#isLost = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!this.#isLost) say(`the dead man’s switch does not hear of us: ${toLifeboatError(error).message}`);
      this.#isLost = true;
    }
  }
}

const besideThePlan = (url: string | SecretSource, { folder }: Plan): string | SecretSource =>
  typeof url === 'object' && 'file' in url ? { file: resolve(folder, url.file) } : url;

/** The address is a secret: who knows it can keep the switch quiet. It is in no message. */
async function ask(url: string, signal: AbortSignal): Promise<void> {
  let status: number;
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(limits.heartbeatAnswerMs)]);
    const response = await fetch(url, { signal: within });
    status = response.status;
    await response.body?.cancel();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const why = messageOf(cause).replaceAll(url, 'its address');
    throw new LifeboatError('serve.heartbeat', `it cannot be asked: ${why}`, { cause: error });
  }
  if (status < 200 || status > 299) throw new LifeboatError('serve.heartbeat', `it answered ${status}`);
}
