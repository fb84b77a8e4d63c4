import { hearStatement, plainAct } from '../commands/hear.ts';
import type { Act } from '../commands/act.ts';
import { blocksOf, type Code, type Item } from '../document/document.ts';
import { codeSpans } from '../document/plain-text.ts';
import { cutAtWord, nameOf, type Draft } from '../draft.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import type { Statement } from '../shell/script.ts';
import { readDuration } from '../words/durations.ts';
import type { World } from '../world.ts';
import { list, mapping, scalar, type MapNode, type PlanNode } from '../write/node.ts';
import { hearSentence } from './sentences.ts';
import { masked } from '../without-secrets.ts';
import { titlesOf, type Title } from './titles.ts';

/** Writes the steps of one procedure, each with an id of its own. */
export class StepWriter {
  readonly #draft: Draft;
  readonly #world: World;
  readonly #ids: Set<string>;
  readonly steps: MapNode[] = [];

  /** `ids`: those that the scenario has already, when the steps stand inside another one. */
  constructor(draft: Draft, world: World, ids = new Set<string>()) {
    this.#draft = draft;
    this.#world = world;
    this.#ids = ids;
  }

  /** A numbered list: each item is a step, or as many as its commands. */
  items(items: readonly Item[]): void {
    for (const item of items) {
      const before = this.steps.length;
      for (const block of blocksOf(item.blocks))
        if (block.kind === 'code' && isShell(block)) this.code(block, item.text, item.line);
      if (this.steps.length === before) this.#sentence(item);
      this.#draft.used(item.line);
    }
  }

  /** A block of shell: each command is a step, called after the comment above it. */
  code(block: Code, around?: string, aroundLine?: number): void {
    const script = parseScript(block.text, block.line);
    const titles = titlesOf(script);
    const before = this.steps.length;
    for (const [index, title] of titles.entries()) {
      if (title.line > 0) this.#draft.used(title.line);
      for (const { line } of title.details) this.#draft.used(line);
      if (!title.option) this.#title(title, titles[index + 1]?.option === true, around, aroundLine);
      else if (titles[index - 1]?.option !== true) this.#choice(titles, index);
    }
    // Comments without any command are still what somebody does.
    if (this.steps.length === before && around === undefined)
      for (const { text, line } of script.comments) this.#words(text, line, []);
  }

  #title(title: Title, leadsToOptions: boolean, around: string | undefined, aroundLine: number | undefined): void {
    const before = this.steps.length;
    const [what, line] = title.text === undefined ? [around, aroundLine] : [title.text, title.line];
    for (const statement of title.statements) this.#statement(statement, what, line, this.steps.length > before);
    const isEmpty = this.steps.length === before;
    if (title.text !== undefined && isEmpty && title.numbered && !leadsToOptions)
      this.#words(title.text, title.line, title.details);
  }

  /** `Option A: …`, `Option B: …`: one step that asks, with the steps of each way inside it. */
  #choice(titles: readonly Title[], from: number): void {
    const lead = titles[from - 1];
    const end = titles.findIndex((title, index) => index > from && !title.option);
    const options = new Map<string, PlanNode>();
    for (const title of titles.slice(from, end === -1 ? undefined : end)) {
      const [, key = 'option', words = ''] = /^(option\s+\w+)\s*[:.–-]?\s*(.*)$/i.exec(title.text ?? '') ?? [];
      const inner = new StepWriter(this.#draft, this.#world, this.#ids);
      for (const statement of title.statements)
        inner.#statement(statement, words || key, title.line, inner.steps.length > 0);
      if (inner.steps.length === 0)
        inner.#words([words || key, ...title.details.map(({ text }) => text)].join(': '), title.line, []);
      options.set(
        freeKey(nameOf(key), options),
        mapping({ when: scalar(words || key, title.line), steps: list(inner.steps) }, title.line),
      );
    }
    const question = lead?.text ?? 'Which way?';
    const line = lead?.line ?? titles[from]?.line ?? 1;
    this.#draft.understood(line, `"${short(question)}" is a choice of ${options.size}`);
    this.#add(
      {
        kind: 'choose',
        settings: mapping({ question: scalar(question.replace(/:\s*$/, '')), options: { entries: options } }),
      },
      question,
      line,
    );
  }

  #statement(statement: Statement, title: string | undefined, titleLine: number | undefined, isMore: boolean): void {
    this.#draft.used(statement.line, statement.endLine);
    // `cd`, `export` and plain assignments prepare the next command; they stand in its shell, not in the plan.
    if (isPreparation(statement)) return;
    const act = hearStatement(statement, this.#world);
    const what = title ?? firstWords(statement);
    if (act === undefined)
      this.#draft.guessed(statement.line, `"${short(statement.raw)}" is run as it stands`, statement.endLine);
    else this.#draft.understood(statement.line, `"${short(statement.raw)}" is the step ${act.kind}`, statement.endLine);
    this.#add(
      act ?? plainAct(statement),
      what,
      statement.line,
      statement.raw,
      title === undefined ? undefined : titleLine,
      isMore,
    );
  }

  #sentence(item: Item): void {
    const details = [...blocksOf(item.blocks)].flatMap((block) =>
      block.kind === 'list'
        ? block.items.map(({ text, marked, line }) => ({ text, marked, line }))
        : block.kind === 'paragraph'
          ? [...block.lines]
          : [],
    );
    const marked = [item.marked, ...details.map((detail) => detail.marked)].join('\n');
    for (const { line } of details) this.#draft.used(line);
    this.#words(item.text, item.line, details, codeSpans(marked));
  }

  /** A step in the document's words: typed where they are plain enough, else for people. */
  #words(
    text: string,
    line: number,
    details: readonly { text: string; line: number }[],
    spans: readonly string[] = [],
  ): void {
    const whole = [text.replace(/:\s*$/, ''), details.map((detail) => detail.text).join('; ')]
      .filter((part) => part !== '')
      .join(': ');
    const act = hearSentence({ text, whole, spans, line }, this.#world);
    if (act === undefined) this.#draft.understood(line, `"${short(text)}" is a step for people`);
    else this.#draft.guessed(line, `"${short(text)}" is the step ${act.kind}`);
    this.#add(act ?? { kind: 'manual', settings: scalar(whole) }, text, line);
  }

  #add(act: Act, title: string, line: number, command?: string, titleLine?: number, isMore = false): void {
    const budget = /\(\s*(?:~|about |approx\.? )?([^()]*\d[^()]*)\)\s*:?$/.exec(title)?.[1];
    const stated = budget === undefined ? undefined : readDuration(budget);
    const entries: Record<string, PlanNode | undefined> = {
      id: scalar(this.#idOf(title, act.kind), line),
      title: scalar(title.replace(/:\s*$/, ''), titleLine === line ? undefined : titleLine),
      [act.kind]: act.settings,
      ...act.beside,
      ...(command === undefined ? {} : { command: scalar(command) }),
      ...(stated === undefined
        ? {}
        : {
            budget: isMore
              ? scalar('0s', undefined, 'within the time of the step above')
              : scalar(stated.words, titleLine ?? line),
          }),
    };
    this.steps.push(mapping(entries, line));
  }

  #idOf(title: string, kind: string): string {
    const plain = title.replace(/^(step\s*)?\d+[.):]?\s*/i, '').replaceAll(/\(.*?\)/g, '');
    const wanted = cutAtWord(nameOf(plain, kind), 40);
    let id = wanted;
    for (let number = 2; this.#ids.has(id); number += 1) id = `${wanted}_${number}`;
    this.#ids.add(id);
    return id;
  }
}

/** `cd`, `export`, plain assignments and `echo`: they make nothing happen by themselves. */
export const isPreparation = ({ commands }: Statement): boolean =>
  commands.every(
    ({ words }) => words.length === 0 || ['cd', 'export', 'set', 'source', 'echo', 'true'].includes(words[0] as string),
  );

const firstWords = ({ commands, raw }: Statement): string => commands[0]?.words.slice(0, 3).join(' ') ?? short(raw);

export const short = (text: string): string => {
  const line = masked(text).replaceAll(/\\?\s*\n\s*/g, ' ');
  return line.length > 70 ? `${line.slice(0, 67)}…` : line;
};

function freeKey(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  let key = wanted;
  for (let number = 2; taken.has(key); number += 1) key = `${wanted}_${number}`;
  return key;
}
