import { sentenceDuration } from '../../lint/words.ts';
import type { Scenario, StepDeclaration, StepOption } from '../../model.ts';
import type { Block, StepBlock, Word, Words } from '../model.ts';
import { capital, facts, listed, spoken } from '../words.ts';
import { checkLine } from './check-words.ts';
import { commandsOf, isOver, type CommandContext } from './commands.ts';
import { plainWords } from './plain-words.ts';
import { condition, Settings } from './settings.ts';
import { clockTime, timetable, type Slot } from './timetable.ts';

export interface StepContext extends CommandContext {
  /** Kinds of steps that this program executes. */
  readonly stepKinds: ReadonlySet<string>;
}

/** The procedure of a scenario, numbered, each step in plain words with all that a person needs to do it. */
export function stepBlocks(scenario: Scenario, context: StepContext): StepBlock[] {
  const numbers = numbersOf(scenario.steps, '');
  const slots = timetable(scenario.steps);
  const writer = new StepWriter(context, numbers);
  return scenario.steps.map((step, index) => writer.block(step, scenario.steps[index - 1], slots.get(step.id)));
}

function undoText(step: StepDeclaration, numberOf: (id: string) => string | undefined): string | false {
  if (step.undoBy !== undefined) return plainWords(step.undoBy, numberOf);
  return step.undo ?? (step.kind === 'restore' && !isOver(step) && 'nothing: it went to a new place');
}

/** The number of every step, by its name, also of those inside others. */
function numbersOf(steps: readonly StepDeclaration[], before: string): Map<string, string> {
  const numbers = new Map<string, string>();
  for (const [index, step] of steps.entries()) {
    const number = `${before}${index + 1}`;
    numbers.set(step.id, number);
    const inside = [
      ...numbersOf(step.steps, `${number}.`),
      ...(step.options ?? []).flatMap((option, at) => [...numbersOf(option.steps, `${number}.${letter(at)}.`)]),
    ];
    for (const [id, one] of inside) numbers.set(id, one);
  }
  return numbers;
}

const letter = (index: number): string => (index < 26 ? String.fromCodePoint(97 + index) : `way${index + 1}`);

class StepWriter {
  readonly #context: StepContext;
  readonly #numbers: ReadonlyMap<string, string>;

  constructor(context: StepContext, numbers: ReadonlyMap<string, string>) {
    this.#context = context;
    this.#numbers = numbers;
  }

  block(step: StepDeclaration, before: StepDeclaration | undefined, slot: Slot | undefined): StepBlock {
    const number = this.#numbers.get(step.id) ?? '';
    const sentence = plainWords(step, (id) => this.#numbers.get(id));
    return {
      number,
      id: step.id,
      title: step.title ?? sentence,
      marks: this.#marks(step),
      blocks: [
        ...(step.title === undefined ? [] : [{ kind: 'paragraph' as const, text: `${sentence}.` }]),
        ...this.#facts(step, before, slot),
        ...listed('First make sure', 'ticks', (step.guard ?? []).map(checkLine)),
        ...commandsOf(step, this.#context),
        ...this.#details(step),
        ...listed('Done when', 'ticks', [...(step.verify ?? []).map(checkLine), ...this.#asked(step)]),
        ...this.#ways(step, number),
      ],
      inside: this.#inside(step),
    };
  }

  #marks(step: StepDeclaration): string[] {
    return [
      ...(step.destructive === true ? ['cannot be taken back'] : []),
      ...(step.idempotent === false ? ['do it once only'] : []),
      ...(this.#context.stepKinds.has(step.kind) ? [] : [people.has(step.kind) ? 'a person does this' : 'by hand']),
    ];
  }

  #facts(step: StepDeclaration, before: StepDeclaration | undefined, slot: Slot | undefined): Block[] {
    const { needs, owner, retry } = step;
    const waits = needs?.filter((name) => name !== before?.id || needs.length > 1);
    return facts([
      ['Time', timeText(step, slot)],
      ['Who', owner === undefined ? byText(step) : spoken(owner)],
      ['Only if', condition(step)],
      ['Where', step.in],
      ['When', step.window === undefined ? undefined : `in the window ${step.window}`],
      [
        'After',
        needs?.length === 0
          ? 'at once: it waits for no step'
          : waits !== undefined && waits.length > 0 && this.#after(waits),
      ],
      ['Needs', things(step.uses, step.takes)],
      ['Makes', things([], step.makes)],
      ['Down afterwards', (step.stops ?? []).join(', ')],
      ['Up afterwards', (step.starts ?? []).join(', ')],
      ['Tries', retry.times > 0 && `${retry.times + 1}, with ${sentenceDuration(retry.pauseMs)} between`],
      ['Give up after', step.timeoutMs !== undefined && sentenceDuration(step.timeoutMs)],
      ['To undo', undoText(step, (id) => this.#numbers.get(id))],
    ]);
  }

  #after(names: readonly string[]): string {
    return names.map((name) => `step ${this.#numbers.get(name) ?? name}`).join(', ');
  }

  /** What the plan asks of what a `check` step looks at. */
  #asked({ kind, settings: written }: StepDeclaration): Words[] {
    if (kind !== 'check') return [];
    const { plan } = this.#context;
    const settings = new Settings(written);
    const service = plan.services.get(settings.text('service') ?? '');
    const asset = plan.assets.get(settings.text('asset') ?? '');
    return [...(service?.health ?? []), ...(asset?.checks ?? [])].map(checkLine);
  }

  #details({ kind, settings: written }: StepDeclaration): Block[] {
    const { plan } = this.#context;
    const settings = new Settings(written);
    if (kind === 'call') {
      const name =
        settings.alone ?? settings.text('scenario') ?? plan.drills.get(settings.text('drill') ?? '')?.scenario;
      return name === undefined || !plan.scenarios.has(name) ? [] : [seeScenario(name)];
    }
    if (kind === 'notify') {
      const template = settings.text('template');
      const known = template !== undefined && plan.templates.has(template);
      return known ? [{ kind: 'paragraph', text: ['The words: ', { to: `message-${template}`, text: template }] }] : [];
    }
    if (kind === 'manual')
      return facts([
        ['See', settings.text('link')],
        ['Write down', settings.texts('asks').map(spoken).join(', ')],
      ]);
    if (kind === 'provision') {
      return facts([
        ['Files', settings.text('by') === 'kubectl' ? undefined : settings.texts('files').join(', ')],
        ['Values', settings.text('values')],
        ['Release', settings.text('release')],
      ]);
    }
    return kind === 'switch' ? this.#pointer(settings) : [];
  }

  /** Where the pointer is that a `switch` turns; never what it holds. */
  #pointer(settings: Settings): Block[] {
    const pointers = this.#context.plan.services.get(settings.text('service') ?? '')?.pointers ?? {};
    const name = settings.text('pointer') ?? '';
    const pointer = Object.hasOwn(pointers, name) ? pointers[name] : undefined;
    if (typeof pointer !== 'object' || pointer === null) return [];
    const words = Object.entries(pointer).flatMap(([key, value]) =>
      typeof value === 'string' ? [`${key} ${value}`] : [],
    );
    return facts([
      ['Where it is', words.join(', ')],
      ['The change', settings.text('file')],
      ['Time to live', settings.text('ttl')],
    ]);
  }

  #ways({ options, settings: written, kind }: StepDeclaration, number: string): Block[] {
    if (kind !== 'choose') return [];
    const plain = new Settings(written).texts('options');
    const ways: Words[] = (options ?? []).map((option, index) => [
      { strong: `${number}.${letter(index)} ${capital(spoken(option.name))}` },
      ...wayText(option),
    ]);
    return listed('Choose one', 'ticks', ways.length > 0 ? ways : plain);
  }

  #inside(step: StepDeclaration): StepBlock[] {
    const ways = (step.options ?? []).flatMap(({ steps }) =>
      steps.map((one, index) => this.block(one, steps[index - 1], undefined)),
    );
    return [...step.steps.map((one) => this.block(one, undefined, undefined)), ...ways];
  }
}

const people = new Set(['approve', 'manual', 'choose', 'look', 'declare']);

function wayText({ when, if: only, call, steps }: StepOption): Word[] {
  return [
    ...(when === undefined ? [] : [`, when ${when}`]),
    ...(only === undefined ? [] : [` (only if ${only})`]),
    ...(call === undefined ? [] : [': follow the scenario ', { to: `scenario-${call}`, text: call }]),
    ...(steps.length === 0 ? [] : [`: ${steps.length === 1 ? 'the step' : `the ${steps.length} steps`} below`]),
  ];
}

const seeScenario = (name: string): Block => ({
  kind: 'paragraph',
  text: ['Its page: ', { to: `scenario-${name}`, text: name }],
});

function timeText({ budgetMs }: StepDeclaration, slot: Slot | undefined): string {
  const budget = slot?.budgetMs ?? budgetMs;
  if (budget === undefined) return 'the plan does not say';
  const window =
    slot === undefined ? '' : `, from ${clockTime(slot.fromMs)} to ${clockTime(slot.toMs)} after the start`;
  return `${sentenceDuration(budget)}${window}`;
}

/** Of steps that name people in their own settings. */
function byText({ kind, settings: written }: StepDeclaration): string | undefined {
  const settings = new Settings(written);
  const by = kind === 'provision' ? [] : settings.texts('by').map(spoken);
  const within = settings.text('within');
  if (by.length === 0) return undefined;
  return `${by.join(', ')}${within === undefined ? '' : `, within ${within}`}`;
}

const things = (
  names: readonly string[] | undefined,
  more: readonly { readonly kind: string; readonly name: string }[] | undefined,
): string => [...(names ?? []), ...(more ?? []).map(({ kind, name }) => `${kind} ${name}`)].join(', ');
