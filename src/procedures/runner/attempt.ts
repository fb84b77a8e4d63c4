import { limits, LifeboatError, toLifeboatError, type Clock } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { provenEnd } from '../promises/beside-checks.ts';
import { attemptElsewhere } from '../elsewhere/attempt-elsewhere.ts';
import { isElsewhere } from '../elsewhere/packet.ts';
import { contextOf } from './context.ts';
import { finishOf } from './earlier.ts';
import { startStep, type Finish } from '../records/step-records.ts';
import type { StepInput, StepKind, StepOutcome } from '../step.ts';
import { timeoutOf } from './time-of-step.ts';

/** One attempt: the record, then the act within its time. What goes wrong in the act is an outcome, never an exception. */
export async function attemptStep(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  attempt: number,
): Promise<{ finish: Finish; remembered: Record<string, unknown> }> {
  const { progress } = active.tools.workspace;
  const title = kind.title(input.settings, input.siblings);
  startStep(active, step, attempt, title, kind);
  progress.phase(`${step.id}: ${title}`);
  const refusal = notHeld(active);
  if (refusal !== undefined) return { finish: refusal, remembered: { ...input.remembered } };
  return isElsewhere(active, step)
    ? attemptElsewhere(active, step, attempt, input.remembered, timeoutOf(step, kind, input.settings))
    : performAttempt(active, step, kind, input, attempt);
}

/** The act itself, within its time, and the look at what it did. */
export async function performAttempt(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  attempt: number,
): Promise<{ finish: Finish; remembered: Record<string, unknown> }> {
  const { clock } = active.tools.workspace;
  const beganMs = clock.elapsed();
  let hands: ReturnType<typeof contextOf> | undefined;
  const finish = await withinTime(
    (signal) => {
      hands = contextOf(active, input, attempt, signal);
      return kind.run(input, hands.context);
    },
    async (outcome) =>
      hands === undefined
        ? outcome
        : provenEnd(active, step, kind, { ...input, remembered: hands.remembered() }, outcome, hands.context),
    { timeoutMs: timeoutOf(step, kind, input.settings), signal: active.signal, clock, step: step.id },
  );
  const output = hands?.tail() ?? '';
  const seconds = (clock.elapsed() - beganMs) / 1000;
  return {
    finish: { ...finish, seconds, ...(output === '' ? {} : { output }) },
    remembered: hands?.remembered() ?? { ...input.remembered },
  };
}

/** A runner that slept, or whose stores were away, may not be the only one any more: it has begun nothing, and begins nothing. */
function notHeld({ lease }: ActiveRun): Finish | undefined {
  try {
    void lease?.mustHold(); // it throws at once where a run is led
    return undefined;
  } catch (error) {
    const { code, message, hint } = toLifeboatError(error);
    return { state: 'interrupted', code, summary: message, ...(hint === undefined ? {} : { hint }) };
  }
}

interface Bounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly step: string;
}

/** The sleeps are aborted when nobody waits for them any more. */
const quiet = (): void => {};

const stuck = Symbol('did not stop');

/** Tells the act to stop when its time is over or the run is cancelled, and waits until it has; but not for ever. */
async function withinTime(
  act: (signal: AbortSignal) => Promise<StepOutcome>,
  look: (finish: Finish) => Promise<Finish>,
  bounds: Bounds,
): Promise<Finish> {
  const { timeoutMs, signal, clock, step } = bounds;
  const stop = new AbortController();
  const timers = new AbortController();
  const late = new LifeboatError('step.timeout', `${step} took longer than ${timeoutMs / 1000} s and was stopped`);
  const cancel = (): void => stop.abort(new LifeboatError('operation.cancelled', `${step} was stopped on request`));
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  clock.sleep(timeoutMs, timers.signal).then(() => stop.abort(late), quiet);
  const patience = new Promise<typeof stuck>((resolve) => {
    stop.signal.addEventListener('abort', () => {
      clock.sleep(limits.stepStopMs, timers.signal).then(() => resolve(stuck), quiet);
    });
  });
  try {
    const work = act(stop.signal).then(
      (outcome) => look(finishOf(outcome)),
      (error: unknown): Finish => failureOf(error),
    );
    const outcome = await Promise.race([work, patience]);
    if (outcome === stuck) return didNotStop(step, stop.signal.reason as LifeboatError);
    if (outcome.code === 'process.unstoppable') return mayStillAct(step, outcome);
    if (!stop.signal.aborted || outcome.state === 'done') return outcome;
    if (stop.signal.reason === late) return outcome.acted === true ? outcome : failureOf(late);
    const { acted, outputs } = outcome;
    const left = acted === true ? { acted, ...(outputs === undefined ? {} : { outputs }) } : {};
    return { state: 'cancelled', summary: `${step} was stopped on request`, code: 'operation.cancelled', ...left };
  } finally {
    timers.abort();
    signal.removeEventListener('abort', cancel);
  }
}

function didNotStop(step: string, reason: LifeboatError): Finish {
  const question = `${step} was told to stop (${reason.message}) but did not within ${limits.stepStopMs / 1000} s. Does it still act?`;
  return { state: 'needs-human', code: 'step.in_doubt', summary: question, question };
}

/** What it started may go on where nobody sees it: neither stopped nor failed, and no retry begins beside it; people look. */
function mayStillAct(step: string, { summary }: Finish): Finish {
  const question = `${step} was told to stop, and ${summary}. Does it still act, and did it take effect?`;
  return { state: 'needs-human', code: 'step.in_doubt', summary: question, question };
}

function failureOf(error: unknown): Extract<StepOutcome, { state: 'failed' }> {
  const { code, message, hint } = toLifeboatError(error);
  return { state: 'failed', code, summary: message, ...(hint === undefined ? {} : { hint }) };
}
