import type { Path } from '../../document.ts';
import { isMapping } from '../../inspection.ts';
import type { Plan, Scenario, StepDeclaration } from '../../model.ts';
import type { Act } from './commands/act.ts';
import { actsOfStep, nameIn } from './step-acts.ts';
import { longestWay } from './longest-way.ts';
import type { Written } from './written.ts';

/** A step of a scenario, flat, in the order of the plan. */
export interface StepFact {
  readonly id: string;
  readonly path: Path;
  readonly step: StepDeclaration;
  /** As it is written, for fields that only some kinds have. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly acts: readonly Act[];
  /** The top-level position: steps of one `parallel` share it, so neither is before the other. */
  readonly position: number;
}

/** A scenario as rules see it: what its steps do, in order, and how long the longest way through them is. */
export interface Procedure {
  readonly scenario: Scenario;
  readonly path: Path;
  readonly steps: readonly StepFact[];
  readonly acts: readonly PlacedAct[];
  /** Over the critical path; `known` is false when a step on it says no budget. */
  readonly way: { readonly ms: number; readonly steps: readonly string[]; readonly unbudgeted: readonly string[] };
}

export interface PlacedAct extends Act {
  readonly step: StepFact;
}

/** Scenarios that call scenarios that call …: deeper ones add nothing to judge, and must not take for ever. */
const callsDeepMax = 3;

export class Procedures {
  readonly #plan: Plan;
  readonly #written: Written;
  #all: readonly Procedure[] | undefined;

  constructor(plan: Plan, written: Written) {
    this.#plan = plan;
    this.#written = written;
  }

  get all(): readonly Procedure[] {
    return (this.#all ??= [...this.#plan.scenarios.values()].map((scenario) => this.#procedureOf(scenario)));
  }

  of(scenario: string): Procedure | undefined {
    return this.all.find((procedure) => procedure.scenario.name === scenario);
  }

  #procedureOf(scenario: Scenario): Procedure {
    const path: Path = ['scenarios', scenario.name];
    const steps = scenario.steps.flatMap((step, index) => this.#flat(step, [...path, 'steps', index], index));
    return {
      scenario,
      path,
      steps,
      acts: steps.flatMap((step) => step.acts.map((act) => ({ ...act, step }))),
      way: longestWay(scenario.steps),
    };
  }

  /** Of a step that calls other scenarios, or chooses among steps, also what those do: for the caller it happens here. */
  #actsOf(
    step: StepDeclaration,
    written: Readonly<Record<string, unknown>>,
    called: readonly string[],
  ): readonly Act[] {
    const names = calledBy(step, written).filter((name) => !called.includes(name));
    if (names.length === 0 || called.length >= callsDeepMax) return actsOfStep(step, written);
    const inner = names.flatMap((name) => {
      const steps = this.#plan.scenarios.get(name)?.steps ?? [];
      return steps.flatMap((one, index) => {
        const found = this.#written.at(['scenarios', name, 'steps', index]);
        return this.#actsOf(one, isMapping(found) ? found : {}, [...called, name]);
      });
    });
    return [...actsOfStep(step, written), ...inner.map((act) => ({ ...act, called: true }))];
  }

  #flat(step: StepDeclaration, path: Path, position: number): StepFact[] {
    const found = this.#written.at(path);
    const written = isMapping(found) ? found : {};
    const inside = Array.isArray(written['parallel']) ? ['parallel'] : ['parallel', 'steps'];
    return [
      { id: step.id, path, step, written, acts: this.#actsOf(step, written, []), position },
      ...step.steps.flatMap((inner, index) => this.#flat(inner, [...path, ...inside, index], position)),
    ];
  }
}

/** Scenarios that a step may run: `call: NAME`, and the options of a `choose`. */
function calledBy(step: StepDeclaration, written: Readonly<Record<string, unknown>>): string[] {
  if (step.kind === 'call') return [nameIn(step.settings, 'scenario') ?? ''];
  const choice = written['choose'];
  const options = step.kind === 'choose' && isMapping(choice) && isMapping(choice['options']) ? choice['options'] : {};
  return Object.values(options).flatMap((option) => (isMapping(option) ? (nameIn(option, 'call') ?? []) : []));
}

/** The acts of a kind, also of several. */
export const actsOf = (procedure: Procedure, ...kinds: readonly Act['kind'][]): PlacedAct[] =>
  procedure.acts.filter(({ kind }) => kinds.includes(kind));

/** Those that the scenario's own steps do: what is judged here, and not in the scenario that it calls. */
export const ownActs = (procedure: Procedure, ...kinds: readonly Act['kind'][]): PlacedAct[] =>
  actsOf(procedure, ...kinds).filter(({ called }) => called !== true);
