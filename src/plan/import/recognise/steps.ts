import { hearStatement, plainAct } from '../commands/hear.ts';
import type { Act } from '../commands/act.ts';
import { blocksOf, type Code, type Item } from '../document/document.ts';
import { codeSpans } from '../document/plain-text.ts';
import { nameOf, type Draft } from '../draft.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import type { Script, Statement } from '../shell/script.ts';
import { readDuration } from '../words/durations.ts';
import type { World } from '../world.ts';
import { mapping, scalar, type MapNode, type PlanNode } from '../write/node.ts';
import { hearSentence } from './sentences.ts';

/** Writes the steps of one procedure, each with an id of its own. */
export class StepWriter {
  readonly #draft: Draft;
  readonly #world: World;
  readonly #ids = new Set<string>();
  readonly steps: MapNode[] = [];

  constructor(draft: Draft, world: World) {
    this.#draft = draft;
    this.#world = world;
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
    let said = false;
    for (const title of titles) {
      const before = this.steps.length;
      for (const statement of title.statements)
        this.#statement(statement, title.text ?? around, title.text === undefined ? aroundLine : title.line);
      if (title.text !== undefined && this.steps.length === before && title.numbered)
        this.#words(title.text, title.line, title.details);
      said ||= this.steps.length > before;
      if (title.line > 0) this.#draft.used(title.line);
      for (const { line } of title.details) this.#draft.used(line);
    }
    // Comments without any command are still what somebody does.
    if (!said && around === undefined) for (const { text, line } of script.comments) this.#words(text, line, []);
  }

  #statement(statement: Statement, title: string | undefined, titleLine: number | undefined): void {
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
    const whole = [text, ...details.map((detail) => detail.text)].join('; ');
    const act = hearSentence({ text, whole, spans, line }, this.#world);
    if (act === undefined) this.#draft.understood(line, `"${short(text)}" is a step for people`);
    else this.#draft.guessed(line, `"${short(text)}" is the step ${act.kind}`);
    this.#add(act ?? { kind: 'manual', settings: scalar(details.length === 0 ? text : whole) }, text, line);
  }

  #add(act: Act, title: string, line: number, command?: string, titleLine?: number): void {
    const budget = /\(\s*(?:~|about |approx\.? )?([^()]*\d[^()]*)\)\s*:?$/.exec(title)?.[1];
    const stated = budget === undefined ? undefined : readDuration(budget);
    const entries: Record<string, PlanNode | undefined> = {
      id: scalar(this.#idOf(title, act.kind), line),
      title: scalar(title, titleLine === line ? undefined : titleLine),
      [act.kind]: act.settings,
      ...act.beside,
      ...(command === undefined ? {} : { command: scalar(command) }),
      ...(stated === undefined ? {} : { budget: scalar(stated.words, titleLine ?? line) }),
    };
    this.steps.push(mapping(entries, line));
  }

  #idOf(title: string, kind: string): string {
    const wanted = nameOf(title.replace(/^(step\s*)?\d+[.):]?\s*/i, '').replace(/\(.*?\)/g, ''), kind)
      .slice(0, 40)
      .replace(/_+$/, '');
    let id = wanted;
    for (let number = 2; this.#ids.has(id); number += 1) id = `${wanted}_${number}`;
    this.#ids.add(id);
    return id;
  }
}

interface Title {
  readonly text: string | undefined;
  readonly line: number;
  readonly numbered: boolean;
  readonly statements: Statement[];
  /** Comments below it that have no command of their own. */
  readonly details: { readonly text: string; readonly line: number }[];
}

/** The script cut at its comments: each with the commands below it. */
function titlesOf({ statements, comments }: Script): Title[] {
  const titles: Title[] = [{ text: undefined, line: 0, numbered: false, statements: [], details: [] }];
  const lines = [
    ...comments.map((comment) => ({ line: comment.line, comment: comment.text, statement: undefined })),
    ...statements.map((statement) => ({ line: statement.line, comment: undefined, statement })),
  ].sort((a, b) => a.line - b.line);
  for (const { line, comment, statement } of lines) {
    const last = titles.at(-1) as Title;
    if (statement !== undefined) last.statements.push(statement);
    else if (comment !== undefined) {
      const numbered = /^(step\s*)?\d+[.):]/i.test(comment);
      const text = comment.replace(/^(step\s*)?\d+[.):]\s*/i, '');
      const option = /^option\b/i.test(comment);
      // A plain comment between a number and its first command says more of the same step.
      if (!numbered && !option && last.numbered && last.statements.length === 0) last.details.push({ text, line });
      else titles.push({ text, line, numbered: numbered || option, statements: [], details: [] });
    }
  }
  return titles;
}

const isPreparation = ({ commands }: Statement): boolean =>
  commands.every(
    ({ words }) => words.length === 0 || ['cd', 'export', 'set', 'source', 'echo', 'true'].includes(words[0] as string),
  );

const firstWords = ({ commands, raw }: Statement): string => commands[0]?.words.slice(0, 3).join(' ') ?? short(raw);

export const short = (text: string): string => {
  const line = text.replaceAll(/\\?\s*\n\s*/g, ' ');
  return line.length > 70 ? `${line.slice(0, 67)}…` : line;
};
