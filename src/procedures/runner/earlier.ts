import { isLifeboatError, toLifeboatError } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { provenEnd } from '../promises/beside-checks.ts';
import { contextOf } from './context.ts';
import { rejoin } from '../elsewhere/attempt-elsewhere.ts';
import { isElsewhere, isNotOurs } from '../elsewhere/packet.ts';
import type { StepHistory } from '../records/history.ts';
import { finishStep, type Finish } from '../records/step-records.ts';
import type { StepInput, StepKind, StepOutcome } from '../step.ts';
import { timeoutOf } from './time-of-step.ts';

/**
 * What a resume does with a step that has records: reuse it, look what happened, or ask. Returns how the step stands, or
 * undefined when it shall be done (again). No effect may happen twice: when nobody can tell, a person decides.
 */
export async function settleEarlier(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  earlier: StepHistory,
): Promise<Finish | undefined> {
  if (earlier.state === 'done') return reuse(active, kind, input, earlier);
  if (earlier.state === 'retry' || earlier.state === 'interrupted' || earlier.attempts === 0) return undefined;
  // Its site has said so, and keeps to it.
  if (earlier.code === 'step.not_begun') return undefined;
  // What was asked of people is looked at again: they may have said it by now.
  if (earlier.state === 'needs-human' && earlier.asked !== undefined) return undefined;
  const answer = answerFor(active, step, earlier);
  if (earlier.state === 'needs-human') return byAnswer(active, step, kind, input, earlier, answer);
  if (earlier.acted && answer?.is !== 'again') {
    return ended(active, step, kind, input, await reuse(active, kind, input, earlier), earlier);
  }
  // It failed, and its cause was repaired.
  if (earlier.state !== 'running' && !kind.destructive && step.idempotent !== false) return undefined;
  if (earlier.state === 'running' && isElsewhere(active, step)) {
    return rejoin(active, step, earlier, timeoutOf(step, kind, input.settings));
  }
  const unfinished = earlier.state === 'running';
  const found = isNotOurs(active, step) ? 'unknown' : await look(active, kind, { ...input, unfinished });
  if (found === 'not-done') {
    const summary = 'its runner ended before it was done; it is done again';
    if (earlier.state === 'running') finishStep(active, step, { state: 'interrupted', summary }, earlier.attempts);
    return undefined;
  }
  if (found !== 'unknown') return ended(active, step, kind, input, found, earlier);
  if (answer !== undefined) return byAnswer(active, step, kind, input, earlier, answer);
  return finishStep(active, step, doubt(step, earlier), earlier.attempts);
}

/** A finished step keeps its outputs; secrets, which the journal does not hold, are asked of the world. */
export async function reuse(
  active: ActiveRun,
  kind: StepKind,
  input: StepInput<unknown>,
  { outputs, redacted, summary }: StepHistory,
): Promise<Finish> {
  if (redacted.length === 0) return { state: 'done', summary, outputs };
  const found = await look(active, kind, { ...input, outputs });
  if (typeof found === 'object' && found.outputs !== undefined)
    return { ...found, outputs: { ...outputs, ...found.outputs } };
  // Without the secret the output does not exist: a later step that names it fails with that name, others go on.
  return { state: 'done', summary, outputs: without(outputs, redacted) };
}

/** Asks the kind; anything it cannot tell is unknown. */
export async function look(
  active: ActiveRun,
  kind: StepKind,
  input: StepInput<unknown>,
): Promise<'not-done' | 'unknown' | Finish> {
  if (kind.inspect === undefined) return (input.idempotent ?? !kind.destructive) ? 'not-done' : 'unknown';
  try {
    const { context } = contextOf(active, input, 0, active.signal);
    const found = await kind.inspect(input, context);
    if (found === 'done') return { state: 'done', summary: 'it was done before its runner ended', outputs: {} };
    return typeof found === 'string' ? found : finishOf(found);
  } catch (error) {
    if (isLifeboatError(error, 'operation.cancelled')) throw error;
    active.tools.workspace.progress.note(`${input.id}: cannot tell what happened: ${toLifeboatError(error).message}`);
    return 'unknown';
  }
}

async function byAnswer(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  earlier: StepHistory,
  answer: ActiveRun['answer'],
): Promise<Finish | undefined> {
  if (answer === undefined) {
    return {
      state: 'needs-human',
      summary: earlier.summary,
      question: earlier.question ?? doubt(step, earlier).summary,
    };
  }
  const { journal } = active.tools.workspace;
  journal.append('step.answered', { step: step.id, answer: answer.is, by: answer.by }, { run: active.run });
  if (answer.is === 'again') return undefined;
  const found = isNotOurs(active, step) ? 'done' : await look(active, kind, input);
  const seen = typeof found === 'object' && found.state === 'done' ? found.outputs : {};
  const summary = `${answer.by} says that it is done`;
  return ended(active, step, kind, input, { state: 'done', summary, outputs: seen ?? {} }, earlier);
}

/** What is said to be done, by the world or by a person, is looked at as everything that was just done. */
async function ended(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  found: Finish,
  earlier: StepHistory,
): Promise<Finish> {
  // Only its own site sees what a step elsewhere did: a person's word on it counts as it is.
  if (isNotOurs(active, step)) return finishStep(active, step, found, earlier.attempts);
  const { context } = contextOf(active, input, earlier.attempts, active.signal);
  const finish = await provenEnd(active, step, kind, input, found, context);
  return finishStep(active, step, finish, earlier.attempts);
}

/** An answer without a step's name is meant for every step that is in doubt. */
const answerFor = ({ answer }: ActiveRun, step: StepDeclaration, earlier: StepHistory): ActiveRun['answer'] =>
  earlier.state !== 'done' && (answer?.step === undefined || answer.step === step.id) ? answer : undefined;

function doubt(step: StepDeclaration, { title, state }: StepHistory): Finish {
  const how =
    state === 'running' ? 'its runner ended while it acted' : `it ${state === 'failed' ? 'failed' : 'was stopped'}`;
  return {
    state: 'needs-human',
    code: 'step.in_doubt',
    summary: `nobody can tell whether ${step.id} took effect`,
    question: `${title || step.id}: ${how}. Did it take effect? Look, then answer "done" or "again".`,
  };
}

export function finishOf(outcome: StepOutcome): Finish {
  switch (outcome.state) {
    case 'needs-human':
      return { ...outcome, summary: outcome.question };
    case 'failed':
      return { ...outcome };
    default:
      return outcome;
  }
}

const without = (outputs: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => !names.includes(name)));
