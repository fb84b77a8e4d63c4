import { parse, type Assignment, type Command as Parsed, type Redirection } from 'unbash';
import { LifeboatError } from '../../../core/index.ts';
import type { Command, Script, Statement } from './script.ts';

/**
 * Takes shell text apart. `firstLine`: the line of the document on which it begins. Placeholders such as `<pod-name>` are
 * read as words. Throws `limit.exceeded` when it is nested beyond reading.
 */
export function parseScript(text: string, firstLine: number): Script {
  const source = withPlaceholders(text);
  try {
    return new Walk(source, firstLine).read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LifeboatError('limit.exceeded', `the script at line ${firstLine} is nested too deeply to be read`, {
      cause: error,
    });
  }
}

const open = '\uE000';
const close = '\uE001';

/** `<pod-name>` would be two redirections: people mean a word to fill in. Lengths stay, so that places do. */
const withPlaceholders = (text: string): string =>
  text.replaceAll(
    /(?<![<&\d])<([A-Za-z][A-Za-z0-9_ .-]*)>(?!>)/g,
    (_, name: string) => `${open}${name.replaceAll(' ', '_')}${close}`,
  );

const plain = (text: string): string => text.replaceAll(open, '<').replaceAll(close, '>');

interface Node {
  readonly type: string;
  readonly pos: number;
  readonly end: number;
}

class Walk {
  readonly #source: string;
  readonly #firstLine: number;
  readonly #starts: readonly number[];
  /** What the script sets itself: `DATE=$(…)` stays a variable, `BACKUP_DIR="/backups"` becomes its value. */
  readonly #variables = new Map<string, string>();

  constructor(source: string, firstLine: number) {
    this.#source = source;
    this.#firstLine = firstLine;
    this.#starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  read(): Script {
    const statements: Statement[] = [];
    for (const statement of parse(this.#source).commands) this.#statement(statement.command, statements);
    return { statements, comments: this.#comments(statements) };
  }

  #statement(node: Node, statements: Statement[]): void {
    if (node.type === 'AndOr') {
      for (const part of (node as Node & { commands: readonly Node[] }).commands) this.#statement(part, statements);
      return;
    }
    const parsed = commandsIn(node);
    const commands = parsed.map((one) => this.#command(one));
    const end = Math.max(node.end, ...parsed.flatMap(({ redirects }) => redirects.map(endOf)));
    const raw = plain(this.#source.slice(node.pos, end).trimEnd());
    const only = commands.length === 1 ? commands[0] : undefined;
    statements.push({
      line: this.#lineOf(node.pos),
      endLine: this.#lineOf(Math.max(node.pos, end - 1)),
      raw,
      commands: commands.filter(({ words, assignments }) => words.length > 0 || assignments.size > 0),
      needsShell: only === undefined || node.type !== 'Command' || /[$`~*?[{\n<>|&;]/.test(unquoted(raw)),
    });
  }

  #command(node: Parsed): Command {
    const assignments = new Map<string, string>();
    for (const part of [...node.prefix, ...node.suffix])
      if (part.type === 'Assignment') assignments.set(part.name, this.#value(valueOf(part)));
    const args = node.suffix.flatMap((part) =>
      part.type === 'Word' ? [part.value] : part.type === 'Assignment' ? [part.text] : [],
    );
    const words = node.name === undefined ? [] : [node.name.value, ...args].map((word) => this.#value(word));
    if (node.name === undefined || words[0] === 'export')
      for (const [name, value] of assignments) this.#set(name, value);
    const heredoc = node.redirects.find((one) => one.type === 'HereDoc');
    return {
      words,
      assignments,
      writes: this.#files(node.redirects, /^(>|>>|>\||&>|&>>)$/),
      reads: this.#files(node.redirects, /^<$/),
      heredoc: heredoc?.type === 'HereDoc' ? plain(heredoc.body.text) : undefined,
    };
  }

  #files(redirects: readonly Redirection[], operator: RegExp): string[] {
    return redirects.flatMap((one) =>
      one.type === 'Redirect' && operator.test(one.operator) && one.target !== undefined
        ? [this.#value(one.target.value)]
        : [],
    );
  }

  #set(name: string, value: string): void {
    if (/\$\(|`/.test(value)) this.#variables.delete(name);
    else this.#variables.set(name, value);
  }

  #value(text: string): string {
    return plain(text).replaceAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g, (whole, braced, bare) => {
      return this.#variables.get((braced ?? bare) as string) ?? whole;
    });
  }

  #comments(statements: readonly Statement[]): { line: number; text: string }[] {
    const taken = new Set(statements.flatMap(({ line, endLine }) => range(line, endLine)));
    return this.#source.split('\n').flatMap((text, index) => {
      const comment = /^\s*#(?!!)\s*(.*?)\s*$/.exec(text)?.[1];
      const line = this.#firstLine + index;
      return comment === undefined || comment === '' || taken.has(line) ? [] : [{ line, text: plain(comment) }];
    });
  }

  #lineOf(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#firstLine + low;
  }
}

/** Simple commands in source order, from wherever they are nested; not those inside `$( … )`. */
function commandsIn(node: unknown): Parsed[] {
  if (Array.isArray(node)) return node.flatMap(commandsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { type } = node as { type?: string };
  if (type === 'Command') return [node as Parsed];
  if (type === 'Word' || type === 'Assignment') return [];
  return Object.values(node).flatMap(commandsIn);
}

const valueOf = (assignment: Assignment): string =>
  assignment.value.type === 'Word'
    ? assignment.value.value
    : assignment.value.elements.map(({ value }) => value).join(' ');

/** A here-document stands behind the line of its command. */
const endOf = (one: Redirection): number => (one.type === 'HereDoc' ? (one.closing?.end ?? one.body.end) : one.end);

/** Without what a shell leaves as it is: single quotes, double quotes that hold no variable, what is escaped. */
const unquoted = (raw: string): string =>
  raw
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/'[^']*'|"[^"$`\\]*"/g, '')
    .replaceAll(/\\./g, '')
    .replaceAll(/<[A-Za-z][\w.-]*>/g, '');

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
