import { isLifeboatError } from '../../core/index.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path } from '../document.ts';
import { expressionsIn, namesIn } from '../expressions.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { StepDeclaration } from '../model.ts';

/** What a `${…}` of a step may start with. */
const roots = ['incident', 'environment', 'steps', 'parameters', 'run', 'scenario'];

/** Every `${…}` of a step parses, and starts with something that a run knows. Steps inside are looked at by themselves. */
export function checkStepTemplates(inspection: Inspection, written: Record<string, unknown>, path: Path): void {
  for (const { text, path: at } of textsOf(written, path)) readNames(inspection, text, at);
  const condition = written['if'];
  if (typeof condition === 'string' && !/^\s*\$\{[^]*\}\s*$/.test(condition)) {
    const hint = 'Write it as one expression: "${environment.protected}".';
    inspection.error('plan.bad_expression', [...path, 'if'], 'a condition is one ${…}', hint, 'value');
  }
}

/** `steps.X` in an expression, and X in `needs`, is a step that comes before. */
export function checkStepOrder(inspection: Inspection, steps: readonly StepDeclaration[]): void {
  const all = everyId(steps);
  checkAfter(inspection, steps, new Set(), all);
}

function checkAfter(
  inspection: Inspection,
  steps: readonly StepDeclaration[],
  before: ReadonlySet<string>,
  all: readonly string[],
  together = false,
): void {
  const earlier = new Set(before);
  for (const step of steps) {
    const at = pathOf(step);
    for (const [index, need] of (step.needs ?? []).entries()) {
      if (!earlier.has(need)) reportStep(inspection, need, [...at, 'needs', index], earlier, all);
    }
    const texts = textsOf(
      {
        ...(step.steps.length > 0 || step.options !== undefined ? {} : { [step.kind]: step.settings }),
        ...step.siblings,
        if: step.if,
      },
      at,
    );
    for (const { text, path: place } of texts) {
      for (const [root, id] of namesQuietly(text)) {
        const usable = together ? before : earlier;
        if (root === 'steps' && id !== undefined && !usable.has(id)) reportStep(inspection, id, place, usable, all);
      }
    }
    checkAfter(inspection, step.steps, together ? before : earlier, all, true);
    // Only one way of a choice is gone: what it makes is not there for the others, nor after it.
    for (const option of step.options ?? []) checkAfter(inspection, option.steps, together ? before : earlier, all);
    for (const id of idsOf([step])) earlier.add(id);
  }
}

function reportStep(
  inspection: Inspection,
  id: string,
  path: Path,
  earlier: ReadonlySet<string>,
  all: readonly string[],
): void {
  if (all.includes(id)) {
    return inspection.error(
      'plan.later_step',
      path,
      `the step ${id} is not before this one`,
      'Move it up, or take what it makes from an earlier step.',
      'value',
    );
  }
  inspection.error('plan.unknown_reference', path, `there is no step "${id}"`, didYouMean(id, [...earlier]), 'value');
}

const idsOf = (steps: readonly StepDeclaration[]): string[] => steps.flatMap((step) => [step.id, ...idsOf(step.steps)]);

const everyId = (steps: readonly StepDeclaration[]): string[] =>
  steps.flatMap((step) => [
    step.id,
    ...everyId(step.steps),
    ...(step.options ?? []).flatMap((option) => everyId(option.steps)),
  ]);

/** The path of a step, as its place tells it. */
function pathOf(step: StepDeclaration): Path {
  return step.place.path.split('.').flatMap((part) => {
    const [name, ...indexes] = part.split('[');
    return [name ?? '', ...indexes.map((index) => Number.parseInt(index, 10))];
  });
}

function readNames(inspection: Inspection, text: string, path: Path): void {
  try {
    for (const { expression } of expressionsIn(text)) {
      for (const [root] of namesIn(expression)) {
        if (root === undefined || roots.includes(root)) continue;
        const message = `\`${expression}\` names ${root}, which no run knows`;
        inspection.error('plan.bad_expression', path, message, didYouMean(root, roots), 'value');
      }
    }
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    inspection.error('plan.bad_expression', path, error.message, error.hint, 'value');
  }
}

function namesQuietly(text: string): string[][] {
  try {
    return expressionsIn(text).flatMap(({ expression }) => namesIn(expression));
  } catch (error) {
    if (isLifeboatError(error)) return []; // it does not parse, which is a finding already
    throw error;
  }
}

/** Keys below which steps stand, or shell that has a `${…}` of its own. */
const holdsSteps = new Set(['parallel', 'options', 'command', 'undo']);

/** Every text of a step outside the steps it holds. */
function textsOf(value: unknown, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, [...path, index]));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => (holdsSteps.has(key) ? [] : textsOf(part, [...path, key])));
}
