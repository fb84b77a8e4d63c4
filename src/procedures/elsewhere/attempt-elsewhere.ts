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
  const again =
    (finish.state === 'failed' || finish.state === 'retry') &&
    finish.acted !== true &&
    earlier.attempts <= step.retry.times &&
    !active.signal.aborted;
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
  const site = step.site as string;
  const { clock } = active.tools.workspace;
  const over = new AbortController();
  const silent = new AbortController();
  try {
    const said = readHistory(active.tools.workspace.journal, active.run).steps.get(step.id)?.said ?? [];
    const packet = packetOf(active, step, attempt, remembered, said);
    // The site keeps the time of the step itself; who asks waits for its word a while longer.
    clock.sleep(timeoutMs + 2 * limits.stepStopMs, over.signal).then(() => silent.abort(), quiet);
    stopWhenAborted(active, elsewhere, packet, over.signal, silent);
    return await elsewhere.step(site, packet, silent.signal);
  } catch (error) {
    if (silent.signal.aborted) return { finish: inDoubt(step), remembered: {} };
    const { code, message, hint } = toLifeboatError(error);
    const state = isLifeboatError(error, 'engine.unreachable') ? 'retry' : 'failed';
    return { finish: { state, code, summary: message, ...(hint === undefined ? {} : { hint }) }, remembered: {} };
  } finally {
    over.abort();
  }
}

/** A run that ends, or lost its target, takes what acts for it elsewhere along; and waits for its word, but not for ever. */
function stopWhenAborted(
  { signal, tools }: ActiveRun,
  elsewhere: Elsewhere,
  { step, key }: StepPacket,
  over: AbortSignal,
  silent: AbortController,
): void {
  const { clock, progress } = tools.workspace;
  const stop = (): void => {
    if (over.aborted) return;
    clock.sleep(2 * limits.stepStopMs, over).then(() => silent.abort(), quiet);
    elsewhere.stop(step.site as string, key).catch((error: unknown) => {
      progress.note(`${step.id}: ${step.site} could not be told to stop: ${toLifeboatError(error).message}`);
    });
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  over.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
}

/** The sleeps are aborted when nobody waits for them any more. */
const quiet = (): void => {};

function inDoubt({ id, site }: StepDeclaration): Finish {
  const question = `${id}: the worker of ${site} was asked to do it and does not answer. Did it take effect, and does it still act?`;
  return { state: 'needs-human', code: 'step.in_doubt', summary: question, question };
}
