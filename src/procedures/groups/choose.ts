import type { StepDeclaration, StepOption } from '../../plan/index.ts';
import { evaluateDeep, templateHolds } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import type { StepHistory } from '../records/history.ts';
import { lastWords, type Asked } from '../people/index.ts';
import type { Finish } from '../records/step-records.ts';

/** A way that was chosen: by the facts of the plan, or by a person. */
export interface Chosen {
  readonly chosen: string;
  readonly by: string | undefined;
}

/**
 * Which way a `choose` goes. Where every way has an `if` and one of them holds, that one; else a person chooses among those that are
 * not excluded by theirs. What was chosen stays chosen, whatever happens to the facts: half a way and half another is none.
 */
export function chooseWay(
  active: ActiveRun,
  step: StepDeclaration,
  earlier: StepHistory | undefined,
  variables: Record<string, unknown>,
): Chosen | Finish {
  const { chosen, by } = earlier?.remembered ?? {};
  if (typeof chosen === 'string') return { chosen, by: typeof by === 'string' ? by : undefined };
  const ways = waysOf(step);
  const open = ways.filter((way) => way.if === undefined || templateHolds(way.if, variables)).map(({ name }) => name);
  if (open.length === 0) {
    const summary = `none of the ways fits: ${ways.map((way) => `${way.name} (${way.if})`).join(', ')}`;
    return { state: 'failed', code: 'step.failed', summary };
  }
  const [only, second] = open;
  if (only !== undefined && second === undefined && ways.every((way) => way.if !== undefined))
    return { chosen: only, by: undefined };
  if (active.mode === 'drill') {
    const hint = 'Give each way an `if` that decides in a bubble, or rehearse each way by a scenario of its own.';
    return { state: 'failed', code: 'step.failed', summary: 'a drill asks nobody which way to go', hint };
  }
  const word = lastWords(earlier?.said ?? [], firstRound).at(-1);
  if (word?.option !== undefined && open.includes(word.option)) return { chosen: word.option, by: word.as };
  return question(step, open, ways, variables);
}

const firstRound = 1;

function question(
  { settings }: StepDeclaration,
  open: readonly string[],
  ways: readonly Pick<StepOption, 'name' | 'when'>[],
  variables: Record<string, unknown>,
): Finish {
  const { question: text, by } = evaluateDeep(asksOf(settings), variables) as ReturnType<typeof asksOf>;
  const told = ways
    .filter(({ name }) => open.includes(name))
    .map(({ name, when }) => (when === undefined ? name : `${name} (when ${when})`));
  const asks: Asked = { word: 'choose', by, round: firstRound, count: 1, options: open };
  const whole = `${text} ${told.join(', ')}`;
  return { state: 'needs-human', summary: whole, question: whole, asks };
}

/** The ways as they are written: with steps, or as texts only. */
export function waysOf({ options, settings }: StepDeclaration): readonly Omit<StepOption, 'steps'>[] {
  if (options !== undefined) return options;
  const written = typeof settings === 'object' && settings !== null && 'options' in settings ? settings.options : [];
  return Array.isArray(written) ? written.map((name) => ({ name: String(name) })) : [];
}

function asksOf(settings: unknown): { question: string; by: readonly string[] } {
  const { question: text = 'Which way?', by = [] } = (settings ?? {}) as { question?: string; by?: readonly string[] };
  return { question: text, by };
}
