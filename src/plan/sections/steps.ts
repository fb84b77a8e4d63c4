import { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import type { Path } from '../document.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { StepWords } from '../kinds.ts';
import type { StepDeclaration, StepOption } from '../model.ts';
import { chooseFrame, laterSteps } from '../schema/later-steps.ts';
import { valueAt } from '../schema/issues.ts';
import { madeOnce } from '../schema/made-once.ts';
import { stepFrame } from '../schema/sections.ts';
import { text } from '../schema/words.ts';
import { readCheck, readChecks } from './checks.ts';
import { besideOf } from './step-beside.ts';
import { checkStepTemplates } from './step-names.ts';

/** What every step may have beside the key of its kind; its checks are read apart. */
export const stepBeside = {
  ...stepFrame,
  guard: z.unknown().optional().describe('Checks that must be green before it acts'),
  verify: z.unknown().optional().describe('Checks that must be green after it'),
  undo: z.union([text, z.record(z.string(), z.unknown())]).optional(),
};

/** `parallel: [steps]` or `parallel: { steps: […], limit: 2 }`: part of the language itself, since it holds steps. */
export const parallelFrame = z.union([
  z.array(z.unknown()).min(1),
  z.strictObject({ steps: z.array(z.unknown()).min(1), limit: z.int().min(1).optional() }),
]);

const retryPauseMs = 1000;

/** The runner walks the steps inside, which can say more of themselves. */
const groups = new Set(['parallel', 'choose', 'call']);

export function readSteps(inspection: Inspection, written: unknown, path: Path): StepDeclaration[] {
  const list = inspection.read(z.array(z.unknown()).min(1), written, path) ?? [];
  return readList(inspection, list, path, new Set());
}

/** Step kinds with those that only the language knows yet. */
export const allSteps = (inspection: { readonly kinds: { readonly steps: readonly StepWords[] } }): StepWords[] => {
  const built = inspection.kinds.steps;
  const withParallel = built.some(({ kind }) => kind === 'parallel')
    ? built
    : [...built, { kind: 'parallel', schema: parallelFrame }];
  const withChoose = built.some(({ kind }) => kind === 'choose')
    ? withParallel
    : [...withParallel, { kind: 'choose', schema: chooseFrame(z.unknown()) }];
  return [...withChoose, ...laterSteps.filter(({ kind }) => !built.some((one) => one.kind === kind))];
};

function readList(inspection: Inspection, list: readonly unknown[], path: Path, taken: Set<string>): StepDeclaration[] {
  return list.flatMap((written, index) => readStep(inspection, written, [...path, index], taken) ?? []);
}

function readStep(
  inspection: Inspection,
  written: unknown,
  path: Path,
  taken: Set<string>,
): StepDeclaration | undefined {
  if (!isMapping(written)) return void inspection.read(z.strictObject(stepBeside), written, path);
  const kind = kindOf(inspection, written, path);
  const id = idOf(inspection, written, kind?.kind ?? 'step', path, taken);
  if (kind === undefined) return undefined;
  checkStepTemplates(inspection, written, path);
  const siblings = kind.siblings ?? {};
  const read = inspection.read(
    madeOnce(kind, 'step', () => stepSchema(kind)),
    written,
    path,
  );
  if (!inspection.kinds.steps.some((one) => one.kind === kind.kind))
    inspection.notExecutable([...path, kind.kind], `the step ${kind.kind}`);
  const wordsOnly = kind.notYet?.(written[kind.kind]);
  if (wordsOnly !== undefined) inspection.notExecutable([...path, kind.kind], wordsOnly);
  checkInside(inspection, written, path);
  checkWindow(inspection, written['window'], path);
  const steps = kind.kind === 'parallel' ? insideOf(inspection, written, path, taken) : [];
  const options = kind.kind === 'choose' ? optionsOf(inspection, written, path, taken) : undefined;
  if (groups.has(kind.kind)) refuseOfGroup(inspection, written, path);
  else if ((kind.ofItsRun === true || kind.meanwhile !== undefined) && written['site'] !== undefined)
    inspection.error(
      'plan.wrong_value',
      [...path, 'site'],
      `${kind.kind} goes with its run, and is done where that is led`,
      'Take its site away.',
    );
  const [guard, verify] = (['guard', 'verify'] as const).map((key) => {
    if (written[key] === undefined) return undefined;
    return readChecks(inspection, written[key], [...path, key]);
  });
  const undoBy = isMapping(written['undo']) ? undoOf(inspection, written['undo'], [...path, 'undo']) : undefined;
  if (read === undefined) return undefined;
  const common = read as z.infer<z.ZodObject<typeof stepBeside>>;
  return {
    id,
    kind: kind.kind,
    settings: settingsOf(kind.kind, written),
    siblings: Object.fromEntries(
      Object.keys(siblings)
        .filter((key) => written[key] !== undefined)
        .map((key) => [key, written[key]]),
    ),
    needs: common.needs,
    if: common.if,
    budgetMs: common.budget,
    timeoutMs: common.timeout,
    retry: retryOf(common.retry),
    steps,
    place: inspection.document.place(path),
    ...besideOf(common),
    ...(undoBy === undefined ? {} : { undoBy }),
    ...(options === undefined ? {} : { options }),
    ...(guard === undefined ? {} : { guard }),
    ...(verify === undefined ? {} : { verify }),
  };
}

/** The step that takes another one back; it stands for itself, and is not a part of the procedure. */
function undoOf(inspection: Inspection, written: Record<string, unknown>, path: Path): StepDeclaration | undefined {
  const step = readStep(inspection, written, path, new Set());
  if (step === undefined || !groups.has(step.kind)) return step;
  const message = 'a step is taken back by one step, which holds no others';
  return void inspection.error('plan.wrong_value', [...path, step.kind], message, 'Let an exec do all of it.');
}

/**
 * What a group, which only walks its steps, would not keep. Its `retry` says how often its `verify`, and what a called scenario calls success, is asked.
 * A `call` of a drill has steps of its own nowhere: it acts, and keeps all but a site.
 */
function refuseOfGroup(inspection: Inspection, written: Record<string, unknown>, path: Path): void {
  const call = written['call'];
  const isLooked = call !== undefined || written['verify'] !== undefined;
  const ofSteps = ['site', 'timeout', ...(isLooked ? [] : ['retry']), 'idempotent', 'undo'];
  const keys = isMapping(call) && 'drill' in call ? ['site'] : ofSteps;
  for (const key of keys.filter((one) => written[one] !== undefined))
    inspection.error(
      'plan.wrong_value',
      [...path, key],
      `a group has no ${key} of its own`,
      key === 'retry'
        ? 'Write it at the steps inside; beside a verify of the group it says how often that is asked.'
        : 'Write it at the steps inside.',
    );
}

function stepSchema({ kind, schema, siblings }: StepWords): z.ZodType {
  const optional = Object.fromEntries(Object.entries(siblings ?? {}).map(([key, one]) => [key, one.optional()]));
  return z.strictObject({ ...stepBeside, ...optional, [kind]: kind === 'parallel' ? parallelFrame : schema });
}

/** Where steps hold a check of their own; one that names an asset or a service asks what those declare. */
const checkPlaces: readonly Path[] = [['check'], ['wait', 'until'], ['exec', 'doneWhen']];

function checkInside(inspection: Inspection, written: Record<string, unknown>, path: Path): void {
  for (const place of checkPlaces) {
    const check = valueAt(written, place);
    if (!isMapping(check) || 'asset' in check || 'service' in check) continue;
    readCheck(inspection, check, [...path, ...place]);
  }
}

/** One that does not say when it opens cannot be waited for. */
function checkWindow(inspection: Inspection, name: unknown, path: Path): void {
  const window = typeof name === 'string' ? valueAt(inspection.root, ['windows', name]) : undefined;
  if (!isMapping(window) || (window['every'] !== undefined && window['for'] !== undefined)) return;
  const lacks = window['every'] === undefined ? 'when it opens' : 'for how long it opens';
  inspection.neverExecutes(
    [...path, 'window'],
    `the window ${String(name)} does not say ${lacks}: a run refuses what waits for it`,
    `Write windows: { ${String(name)}: { every: saturday at 22:00, for: 4h } }.`,
  );
}

function kindOf(inspection: Inspection, written: Record<string, unknown>, path: Path): StepWords | undefined {
  const kinds = allSteps(inspection);
  const named = kinds.filter(({ kind }) => Object.hasOwn(written, kind));
  const siblings = new Set(named.flatMap((kind) => Object.keys(kind.siblings ?? {})));
  const [first, second] = named.filter(({ kind }) => !siblings.has(kind));
  if (second !== undefined) {
    const message = `a step does one thing, this one says ${first?.kind} and ${second.kind}`;
    return void inspection.error('plan.ambiguous_kind', [...path, second.kind], message, 'Make two steps of it.');
  }
  if (first !== undefined) return first;
  const known = kinds.map(({ kind }) => kind);
  const other = Object.keys(written).find((key) => !Object.hasOwn(stepBeside, key) && key !== 'at' && key !== 'into');
  if (other === undefined) {
    return void inspection.error(
      'plan.unknown_kind',
      path,
      'this step does not say what it does',
      `Add one of: ${known.join(', ')}.`,
    );
  }
  return void inspection.error(
    'plan.unknown_kind',
    [...path, other],
    `there is no step "${other}"`,
    didYouMean(other, known),
  );
}

/** Its own name, or one made of kind and position; reported when it is taken. */
function idOf(
  inspection: Inspection,
  written: Record<string, unknown>,
  kind: string,
  path: Path,
  taken: Set<string>,
): string {
  const own = written['id'];
  if (typeof own === 'string') {
    if (taken.has(own))
      inspection.error(
        'plan.duplicate_name',
        [...path, 'id'],
        `the step ${own} is there twice`,
        'Give each step its own id.',
        'value',
      );
    taken.add(own);
    return own;
  }
  const numbers = path.filter((part) => typeof part === 'number').map((index) => index + 1);
  let made = `${kind}_${numbers.join('_')}`;
  while (taken.has(made)) made += '_';
  taken.add(made);
  return made;
}

function insideOf(
  inspection: Inspection,
  written: Record<string, unknown>,
  path: Path,
  taken: Set<string>,
): StepDeclaration[] {
  const inside = written['parallel'];
  if (Array.isArray(inside)) return readList(inspection, inside, [...path, 'parallel'], taken);
  if (!isMapping(inside) || !Array.isArray(inside['steps'])) return [];
  return readList(inspection, inside['steps'], [...path, 'parallel', 'steps'], taken);
}

/** The ways of a choice that are written as steps or scenarios; a plain list of texts is only a question. */
function optionsOf(
  inspection: Inspection,
  written: Record<string, unknown>,
  path: Path,
  taken: Set<string>,
): StepOption[] | undefined {
  const options = valueAt(written, ['choose', 'options']);
  if (!isMapping(options)) return undefined;
  return Object.entries(options).flatMap(([name, option]) => {
    if (!isMapping(option)) return [];
    const { when, if: condition, call, steps } = option;
    return {
      name,
      ...(typeof when === 'string' ? { when } : {}),
      ...(typeof condition === 'string' ? { if: condition } : {}),
      ...(typeof call === 'string' ? { call } : {}),
      steps: Array.isArray(steps)
        ? readList(inspection, steps, [...path, 'choose', 'options', name, 'steps'], taken)
        : [],
    };
  });
}

/** Of a parallel only what is not a step: the steps have their own declarations. */
function settingsOf(kind: string, written: Record<string, unknown>): unknown {
  if (kind !== 'parallel') return written[kind];
  const inside = written['parallel'];
  return isMapping(inside) && inside['limit'] !== undefined ? { limit: inside['limit'] } : {};
}

function retryOf(retry: number | { times: number; pause?: number | undefined } | undefined): StepDeclaration['retry'] {
  if (retry === undefined) return { times: 0, pauseMs: retryPauseMs };
  if (typeof retry === 'number') return { times: retry, pauseMs: retryPauseMs };
  return { times: retry.times, pauseMs: retry.pause ?? retryPauseMs };
}
