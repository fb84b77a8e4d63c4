import { redactData } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import type { Asked } from '../people/index.ts';
import type { StepState } from '../run-types.ts';
import type { StepKind } from '../step.ts';

/** How an attempt of a step ended. */
export interface Finish {
  readonly state: Exclude<StepState, 'pending' | 'running'>;
  readonly summary: string;
  /** As they are; the journal redacts what it keeps. */
  readonly outputs?: Record<string, unknown>;
  readonly code?: string;
  readonly hint?: string;
  readonly question?: string;
  readonly asks?: Asked;
  /** It failed only in that nothing shows its effect: it has acted. */
  readonly acted?: boolean;
  /** It failed because people chose so: no retry of the plan tries it again. */
  readonly byPeople?: boolean;
  /** The end of what the step put out, redacted. */
  readonly output?: string;
  /** Of this attempt. */
  readonly seconds?: number;
}

/** The record before the act. */
export function startStep(
  active: ActiveRun,
  step: StepDeclaration,
  attempt: number,
  title: string,
  kind?: StepKind,
): void {
  active.tools.workspace.journal.append(
    'step.started',
    {
      step: step.id,
      kind: step.kind,
      attempt,
      key: keyOf(active, step),
      title,
      verifies: kind?.verifies ?? false,
      group: kind === undefined,
      budgetMs: step.budgetMs ?? null,
    },
    { run: active.run },
  );
}

/** The record after the act; returns what it was given. */
export function finishStep(active: ActiveRun, step: StepDeclaration, finish: Finish, attempt: number): Finish {
  const { outputs, ...rest } = finish;
  const plain = JSON.parse(JSON.stringify(outputs ?? {})) as Record<string, unknown>;
  active.tools.workspace.journal.append(
    'step.finished',
    { step: step.id, kind: step.kind, attempt, ...rest, outputs: plain, redacted: secretNames(plain) },
    { run: active.run },
  );
  return finish;
}

/** The same for every attempt of a step in a run. */
export const keyOf = (active: Pick<ActiveRun, 'run'>, step: Pick<StepDeclaration, 'id'>): string =>
  `${active.run}/${step.id}`;

/** Names of outputs that hold a secret. */
export const secretNames = (outputs: Record<string, unknown>): string[] =>
  Object.keys(outputs).filter((name) => JSON.stringify(redactData(outputs[name])) !== JSON.stringify(outputs[name]));
