import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { isGroup } from '../groups/is-group.ts';
import type { RunHistory, StepHistory } from '../records/history.ts';
import { flatSteps } from '../records/show.ts';
import type { StepKind } from '../step.ts';

/** How a run is taken back: a procedure of its own, and what it leaves as it is. */
export interface Rollback {
  readonly scenario: Scenario;
  readonly leaves: readonly Left[];
}

export interface Left {
  readonly step: string;
  readonly why: string;
}

/**
 * What undoes a run: each step that acted, or may have, the last one first; by the step that the plan gives as its `undo`, else by its kind, else
 * by a person, who is also shown every undo that nothing proves. Steps that change nothing are left. What another site did is taken back there where
 * there are hands at other sites (`site`: where they are led from), else by a person. Pure over the records.
 */
export function rollbackOf(
  history: RunHistory,
  scenario: Scenario,
  kinds: readonly StepKind[],
  site: string | undefined,
): Rollback {
  const steps: StepDeclaration[] = [];
  const leaves: Left[] = [];
  for (const step of actedLastFirst(history, scenario)) {
    const kind = kinds.find((one) => one.kind === step.kind);
    const known = history.steps.get(step.id) as StepHistory;
    const committed = committedBy(history, step.id);
    const why = committed ?? (kind === undefined ? undefined : leftBecause(step, kind));
    if (why === undefined) steps.push(...undoOf(step, known, kind, kinds, placeOfUndo(history, step, site)));
    else leaves.push({ step: step.id, why });
  }
  return {
    scenario: { ...scenario, name: `rollback of ${scenario.name}`, objectives: {}, success: [], invariants: [], steps },
    leaves,
  };
}

/** What the steps that take back are called: `undo_NAME`, and `undo_NAME_seen` where a person looks. */
export const undoName = (step: string): string => `undo_${step.replaceAll('.', '__')}`;

/** The kind that takes back what steps of this kind did. */
export const undoKindName = (kind: string): string => `undo ${kind}`;

/** What a `commit` made final; it is behind everything that began before it was done. */
function committedBy({ records }: RunHistory, id: string): string | undefined {
  const begun = records.findLastIndex(({ kind, data }) => kind === 'step.started' && data['step'] === id);
  const commit = records.find(
    ({ kind, data }, index) =>
      index > begun &&
      kind === 'step.finished' &&
      data['kind'] === 'commit' &&
      data['state'] === 'done' &&
      !isBreachedIn(records.slice(0, index), data['step']),
  );
  return commit === undefined ? undefined : `${String(commit.data['step'])} made it final`;
}

/** What must stay true was not, in the window of this commit, and nobody said that it does not matter. */
function isBreachedIn(records: RunHistory['records'], commit: unknown): boolean {
  const begun = records.findLastIndex(({ kind, data }) => kind === 'step.started' && data['step'] === commit);
  return records
    .slice(begun + 1)
    .some(({ kind, data }) => kind === 'run.breached' && (data['despite'] ?? null) === null);
}

function actedLastFirst({ steps, records }: RunHistory, scenario: Scenario): StepDeclaration[] {
  const lastBegun = new Map<unknown, number>();
  for (const [index, { kind, data }] of records.entries())
    if (kind === 'step.started') lastBegun.set(data['step'], index);
  return flatSteps(scenario)
    .filter((step) => !isGroup(step) && (steps.get(step.id)?.attempts ?? 0) > 0)
    .sort((a, b) => (lastBegun.get(b.id) ?? 0) - (lastBegun.get(a.id) ?? 0));
}

function leftBecause(step: StepDeclaration, kind: StepKind): string | undefined {
  if (step.undo !== undefined || step.undoBy !== undefined || kind.undo !== undefined) return undefined;
  if (kind.kind === 'manual' || (step.destructive ?? kind.destructive)) return undefined;
  if (kind.kind === 'restore') return 'it went to a new place, and stays there';
  return kind.kind === 'notify' ? 'what was said stays said' : 'it changed nothing';
}

function undoOf(
  step: StepDeclaration,
  { title, state }: StepHistory,
  kind: StepKind | undefined,
  kinds: readonly StepKind[],
  { byHandAt, at }: PlaceOfUndo,
): StepDeclaration[] {
  const id = undoName(step.id);
  const what = `${step.id} (${title || step.kind})${state === 'done' ? '' : `, which is ${state}`}`;
  if (byHandAt !== undefined)
    return [byHand(step, id, `Take back, at the site ${byHandAt}: ${what}. ${step.undo ?? ''}`)];
  if (step.undoBy !== undefined) {
    const { site: _, ...undoBy } = step.undoBy;
    const own = { ...undoBy, id, ...scopeOf(step), ...at };
    const proves = (own.verify ?? []).length > 0 || kinds.find((one) => one.kind === own.kind)?.prove !== undefined;
    return proves ? [own] : [own, seenBy(step, `${id}_seen`, what)];
  }
  if (step.undo !== undefined) return [byHand(step, id, `Take back ${what}: ${step.undo}`)];
  if (kind?.undo === undefined || kind.takesBack?.(step.settings) === false)
    return [byHand(step, id, `Take back ${what}. The plan does not say how`)];
  const own = { ...plainStep(step, id, undoKindName(kind.kind), { step: step.id }), ...at };
  return kind.prove === undefined ? [own, seenBy(step, `${id}_seen`, what)] : [own];
}

interface PlaceOfUndo {
  /** The site whose worker takes it back. */
  readonly at: Pick<StepDeclaration, 'site'>;
  /** Nobody here reaches that site. */
  readonly byHandAt?: string;
}

/** Where it was done it is taken back: by this runner, by the worker of its site, or by a person there. */
function placeOfUndo(
  { started: { engine } }: RunHistory,
  step: StepDeclaration,
  here: string | undefined,
): PlaceOfUndo {
  if (engine === undefined) return { at: {} };
  const site = step.site ?? engine.site;
  if (here === undefined) return site === engine.site ? { at: {} } : { at: {}, byHandAt: site };
  return site === here ? { at: {} } : { at: { site } };
}

/** The step of the run that is taken back, by that which takes it back. */
export const undoneBy = (scenario: Pick<Scenario, 'steps'>, undo: string): StepDeclaration | undefined =>
  flatSteps(scenario).find(({ id }) => undoName(id) === undo);

const seenBy = (step: StepDeclaration, id: string, what: string): StepDeclaration =>
  byHand(step, id, `Nothing proves that it is taken back: ${what}. Look, and say so if it is`);

const byHand = (step: StepDeclaration, id: string, text: string): StepDeclaration =>
  // What the run said is text by now, and no `${…}` of this one.
  plainStep(step, id, 'manual', { do: text.replaceAll('${', () => '$${') });

const plainStep = (step: StepDeclaration, id: string, kind: string, settings: unknown): StepDeclaration => ({
  id,
  kind,
  settings,
  siblings: {},
  needs: undefined,
  if: undefined,
  budgetMs: undefined,
  timeoutMs: step.timeoutMs,
  retry: { times: 0, pauseMs: 0 },
  steps: [],
  place: step.place,
  ...scopeOf(step),
});

/** Where it acted, and what names meant there. */
const scopeOf = ({ scope, in: place }: StepDeclaration): Pick<StepDeclaration, 'scope' | 'in'> => ({
  ...(scope === undefined ? {} : { scope }),
  ...(place === undefined ? {} : { in: place }),
});
