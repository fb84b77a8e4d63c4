import { LifeboatError } from '../../core/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { environmentOf } from '../targets/places.ts';
import { flatSteps } from '../records/show.ts';
import type { Finish } from '../records/step-records.ts';

/**
 * A step that the plan calls destructive acts only when somebody has typed its name: with `--confirm`, or at the terminal. Undefined when it
 * may act. A drill asks nobody: what it destroys is its own.
 */
export async function confirmation(
  active: ActiveRun,
  step: StepDeclaration,
  title: string,
): Promise<Finish | undefined> {
  if (step.destructive !== true || active.mode === 'drill') return undefined;
  const { journal } = active.tools.workspace;
  const isTyped = journal
    .records({ run: active.run, kinds: ['step.confirmed'] })
    .some(({ data }) => data['step'] === step.id);
  if (isTyped) return undefined;
  const where = environmentOf(active, step).name;
  const question = `${step.id} (${title}) would change ${where} for good. Whoever wants that types its name.`;
  const typed = active.confirmed.has(step.id) ? step.id : await asked(active, step.id, question);
  if (typed?.trim() === step.id) {
    journal.append('step.confirmed', { step: step.id, where }, { run: active.run });
    return undefined;
  }
  const wrong = typed === undefined ? '' : ` What was typed was ${JSON.stringify(typed.trim())}.`;
  return {
    state: 'needs-human',
    summary: `${question}${wrong}`,
    question: `${question}${wrong}`,
    asks: { word: 'confirm', by: [], round: 0, count: 1 },
  };
}

/** What whoever sits at the terminal types; until then the run waits for them. */
async function asked(active: ActiveRun, step: string, question: string): Promise<string | undefined> {
  const { confirm, workspace } = active.tools;
  if (confirm === undefined) return undefined;
  workspace.journal.append('step.asked', { step, question }, { run: active.run });
  return confirm({ step, question, signal: active.signal });
}

/** What was typed beforehand names steps that ask for it. Throws `input.flag`. */
export function mustBeDestructive(scenario: Scenario, typed: readonly string[]): void {
  const asking = flatSteps(scenario).flatMap(({ id, destructive }) => (destructive === true ? [id] : []));
  const foreign = typed.find((name) => !asking.includes(name));
  if (foreign === undefined) return;
  throw new LifeboatError('input.flag', `no step ${foreign} asks to be confirmed`, {
    hint: `These do: ${asking.join(', ') || 'none'}.`,
  });
}
