import {
  isLifeboatError,
  LifeboatError,
  limits,
  toLifeboatError,
  type Clock,
  type ErrorCode,
  type Progress,
} from '../../core/index.ts';
import { pageOf, sentenceDuration, type Finding, type Place, type Plan, type PlanDocument } from '../../plan/index.ts';
import type { Store } from '../../stores/index.ts';
import type { Registry } from '../registry.ts';
import { severityOf, type LiveCode } from './rules.ts';

export interface LiveRequest {
  readonly plan: Plan;
  readonly document: PlanDocument;
  readonly registry: Registry;
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** One question must be answered in this time. */
  readonly timeoutMs: number;
  /** Put around every store that is opened; tests put faults there. */
  readonly wrapStore?: (store: Store) => Store;
  /** The addresses of a host; default: the resolver of this machine. Throws as `dns.promises.lookup`. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

export type Path = readonly (string | number)[];

export type Answer<T> = { readonly value: T } | { readonly error: LifeboatError };

/** The world as it is asked: in bounded numbers, each question in bounded time, whoever asks. */
export class World {
  readonly request: LiveRequest;
  readonly #waiting: (() => void)[] = [];
  #asked = 0;

  constructor(request: LiveRequest) {
    this.request = request;
  }

  get plan(): Plan {
    return this.request.plan;
  }

  get clock(): Clock {
    return this.request.clock;
  }

  /** A finding at a place of the plan; `message` and `hint` as those of the linter's rules. */
  found(
    code: LiveCode,
    at: Path | Place,
    message: string,
    hint: string | undefined,
    severity: Finding['severity'] = severityOf(code),
  ): Finding {
    const place = 'file' in at ? at : this.request.document.place(at, 'key');
    const { file, line, column, path } = place;
    return { code, severity, file, line, column, path, message, hint, page: pageOf(code) };
  }

  /** Somebody was asked and did not answer: what was not found out, and why. Unknown is never ok. */
  unknown(at: Path | Place, message: string, hint?: string): Finding {
    return this.found('live.unknown', at, message, hint);
  }

  /** Nobody can be asked yet: the kind has no driver, or its driver cannot tell. */
  notAsked(at: Path | Place, message: string): Finding {
    return this.found('live.unknown', at, message, undefined, 'warning');
  }

  /**
   * Asks one question. It is told to stop when its time is over; whether it does or not, nobody waits any longer: the answer is then
   * `check.unanswered`. Questions must not ask others, or they may wait for each other. Throws only when all was stopped on request.
   */
  async ask<T>(what: string, question: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
    const { signal } = this.request;
    await this.#turn();
    const over = new AbortController();
    const stop = (): void => over.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return { value: await Promise.race([question(over.signal), this.#tooLate(what, over)]) };
    } catch (error) {
      signal.throwIfAborted();
      return { error: toLifeboatError(error) };
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
      this.request.progress.advance({ items: 1 });
      this.#done();
    }
  }

  async #tooLate(what: string, over: AbortController): Promise<never> {
    const { clock, timeoutMs } = this.request;
    await clock.sleep(timeoutMs, over.signal);
    const error = new LifeboatError('check.unanswered', `${what} did not answer in ${sentenceDuration(timeoutMs)}`);
    over.abort(error);
    throw error;
  }

  async #turn(): Promise<void> {
    if (this.#asked < limits.liveQuestionsAtOnce) this.#asked += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever waits takes over the turn. */
  #done(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#asked -= 1;
    else next();
  }
}

export const isCode = (error: LifeboatError, ...codes: readonly ErrorCode[]): boolean =>
  codes.some((code) => isLifeboatError(error, code));

/** Nobody answered in time, or it was told to stop for that: then nothing is known. */
export const isSilent = (error: LifeboatError): boolean =>
  isCode(error, 'check.unanswered', 'operation.cancelled', 'process.timeout');
