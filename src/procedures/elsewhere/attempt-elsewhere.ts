import { isLifeboatError, limits, toLifeboatError } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { readHistory, type StepHistory } from '../records/history.ts';
import { finishStep, type Finish } from '../records/step-records.ts';
import { packetOf, type Elsewhere, type StepAnswer, type StepPacket } from './packet.ts';

/** One attempt at another site, as it stands in the records of the run. What goes wrong is an outcome, never an exception. */
export async function attemptElsewhere(
  active: ActiveRun,
  step: StepDeclaration,
  attempt: number,
  remembered: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<{ finish: Finish; remembered: Record<string, unknown> }> {
  const elsewhere = active.tools.elsewhere as Elsewhere;
  const { journal, clock } = active.tools.workspace;
  const beganMs = clock.elapsed();
  const answer = await askSite(active, elsewhere, step, attempt, remembered, timeoutMs);
  const facts = { ...answer.remembered };
  // What it remembered there is written down here before its end is: a rollback reads the records of the run.
  if (Object.keys(facts).length > 0)
    journal.append('step.remembered', { step: step.id, attempt, facts }, { run: active.run });
  const seconds = answer.finish.seconds ?? (clock.elapsed() - beganMs) / 1000;
  return { finish: { ...answer.finish, seconds }, remembered: { ...remembered, ...facts } };
}

/**
 * A runner died while a site acted for it: the same attempt is asked for again, which joins what goes on there or gives what came of it. Undefined
 * when the step shall be tried once more.
 */
export async function rejoin(
  active: ActiveRun,
  step: StepDeclaration,
  earlier: StepHistory,
  timeoutMs: number,
): Promise<Finish | undefined> {
  const { finish } = await attemptElsewhere(active, step, earlier.attempts, earlier.remembered, timeoutMs);
  const mayRetry = finish.code === 'step.not_begun' || earlier.attempts <= step.retry.times;
  const isUndone =
    (finish.state === 'failed' || finish.state === 'retry') && finish.acted !== true && finish.byPeople !== true;
  const again = isUndone && mayRetry && !active.signal.aborted;
  if (again) finishStep(active, step, { ...finish, state: 'retry' }, earlier.attempts);
  return again ? undefined : finishStep(active, step, finish, earlier.attempts);
}

async function askSite(
  active: ActiveRun,
  elsewhere: Elsewhere,
  step: StepDeclaration,
  attempt: number,
  remembered: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<StepAnswer> {
  const { clock, journal } = active.tools.workspace;
  const patience = new Patience(active, elsewhere, step);
  try {
    const said = readHistory(journal, active.run).steps.get(step.id)?.said ?? [];
    // The site keeps the time of the step itself; who asks waits for its word a while longer.
    const patienceMs = timeoutMs + 2 * limits.stepStopMs;
    const packet = packetOf(active, step, attempt, remembered, said, clock.now() + patienceMs);
    patience.begin(packet, patienceMs);
    const answer = await elsewhere.step(step.site as string, packet, patience.signal);
    const wasCalledOff = answer.finish.code === 'step.not_begun' && active.signal.aborted;
    return wasCalledOff ? { ...answer, finish: { ...answer.finish, state: 'cancelled' } } : answer;
  } catch (error) {
    if (patience.signal.aborted || isLifeboatError(error, 'step.in_doubt'))
      return { finish: inDoubt(step), remembered: {} };
    const { code, message, hint } = toLifeboatError(error);
    return {
      finish: { state: 'failed', code, summary: message, ...(hint === undefined ? {} : { hint }) },
      remembered: {},
    };
  } finally {
    await patience.end();
  }
}

/**
 * How long the word of a site is waited for. A run that ends or lost its target takes what acts for it elsewhere along, and one that waits no longer
 * has it stopped too: what lies there for a worker that is away is never begun.
 */
class Patience {
  readonly #active: ActiveRun;
  readonly #elsewhere: Elsewhere;
  readonly #step: StepDeclaration;
  readonly #over = new AbortController();
  readonly #silent = new AbortController();
  #told: Promise<void> | undefined;

  constructor(active: ActiveRun, elsewhere: Elsewhere, step: StepDeclaration) {
    this.#active = active;
    this.#elsewhere = elsewhere;
    this.#step = step;
  }

  /** Fires when nothing is waited for any more. */
  get signal(): AbortSignal {
    return this.#silent.signal;
  }

  begin({ key }: StepPacket, patienceMs: number): void {
    const { signal, tools } = this.#active;
    const { clock } = tools.workspace;
    clock.sleep(patienceMs, this.#over.signal).then(() => this.#giveUp(key), quiet);
    const stop = (): void => {
      if (this.#over.signal.aborted) return;
      this.#tell(key);
      clock.sleep(2 * limits.stepStopMs, this.#over.signal).then(() => this.#silent.abort(), quiet);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    this.#over.signal.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
  }

  /** The site has been told what it was to be told, or could not be. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#told;
  }

  #giveUp(key: string): void {
    this.#tell(key);
    this.#silent.abort();
  }

  #tell(key: string): void {
    const { id, site } = this.#step;
    this.#told ??= this.#elsewhere.stop(site as string, key).catch((error: unknown) => {
      const { progress } = this.#active.tools.workspace;
      progress.note(`${id}: ${site} could not be told to stop: ${toLifeboatError(error).message}`);
    });
  }
}

/** The sleeps are aborted when nobody waits for them any more. */
const quiet = (): void => {};

function inDoubt({ id, site }: StepDeclaration): Finish {
  const question = `${id}: the worker of ${site} was asked to do it and does not answer. Did it take effect, and does it still act?`;
  return { state: 'needs-human', code: 'step.in_doubt', summary: question, question };
}
