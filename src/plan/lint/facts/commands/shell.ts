/** One program of a pipeline, as far as a shell line can be read without running it. */
export interface Command {
  readonly program: string;
  /** Without quotes; variables as they are written. */
  readonly words: readonly string[];
  /** `< FILE` */
  readonly input: string | undefined;
  /** `> FILE` or `>> FILE` */
  readonly output: string | undefined;
  /** The program before it in the same pipeline. */
  readonly before: Command | undefined;
}

/** A step's text is short; what is longer is a file in the wrong place, and looking at it must not take long. */
const lengthMax = 20_000;

interface Token {
  readonly text: string;
  readonly kind: 'word' | 'operator';
}

/**
 * The commands of a shell text, in order. Comments, quotes, continued lines, pipes, `&&`, `;`, redirections and here-documents
 * are understood; control flow is not, its words are simply passed over. Never throws, never runs anything.
 */
export function commandsIn(text: string): Command[] {
  const commands: Command[] = [];
  let draft: Draft = emptyDraft();
  let before: Command | undefined;
  const finish = (piped: boolean): void => {
    const command = commandOf(draft, before);
    if (command !== undefined) commands.push(command);
    before = piped ? command : undefined;
    draft = emptyDraft();
  };
  for (const token of tokensOf(withoutHereDocuments(text.slice(0, lengthMax)))) {
    if (token.kind === 'word') take(draft, token.text);
    else if (['<', '>', '2>'].includes(token.text)) draft.expects = token.text;
    else finish(token.text === '|');
  }
  finish(false);
  return commands;
}

interface Draft {
  words: string[];
  input: string | undefined;
  output: string | undefined;
  expects: string | undefined;
}

const emptyDraft = (): Draft => ({ words: [], input: undefined, output: undefined, expects: undefined });

function take(draft: Draft, word: string): void {
  if (draft.expects === '<') draft.input = word;
  else if (draft.expects === '>') draft.output = word;
  else if (draft.expects === undefined) draft.words.push(word);
  draft.expects = undefined;
}

const wrappers = new Set(['sudo', 'time', 'nohup', 'env', 'exec', 'then', 'do', 'else', 'if', '!']);

function commandOf({ words, input, output }: Draft, before: Command | undefined): Command | undefined {
  const [program, ...rest] = withoutWrappers(words);
  return program === undefined ? undefined : { program, words: rest, input, output, before };
}

/** Without what only runs the program: `sudo`, `time`, settings before it. */
export function withoutWrappers(words: readonly string[]): readonly string[] {
  const start = words.findIndex((word) => !wrappers.has(word) && !/^[A-Za-z_]\w*=/.test(word));
  return start === -1 ? [] : words.slice(start);
}

/** What stands in `<< END … END` is data, or a file of its own, not commands. */
const withoutHereDocuments = (text: string): string =>
  text.replaceAll(/<<-?\s*(['"]?)([A-Za-z_]\w*)\1([^\n]*)\n[\s\S]*?\n[ \t]*\2(?=\n|$)/g, '$3');

const tokenPattern =
  /\\\n|[ \t\r]+|#[^\n]*|\n|&&|\|\||[|;&()]|\d?>>|\d?>&\d|\d?>|<|(?:\$\((?:[^()]|\([^()]*\))*\)|"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s|;&()<>"'\\])+|./g;

function tokensOf(text: string): Token[] {
  return [...text.matchAll(tokenPattern)].flatMap(([found]): Token[] => {
    if (/^(\\\n|[ \t\r]+|#[\s\S]*)$/.test(found) || /^\d?>&\d$/.test(found)) return [];
    if (/^\d?>>?$/.test(found)) return [{ text: found.startsWith('2') ? '2>' : '>', kind: 'operator' }];
    if (/^(\n|&&|\|\||[|;&()<])$/.test(found)) return [{ text: found, kind: 'operator' }];
    return [{ text: unquoted(found), kind: 'word' }];
  });
}

const unquoted = (word: string): string =>
  word.replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, escaped?: string) =>
    double === undefined ? (single ?? escaped ?? '') : double.replaceAll(/\\(["\\$`])/g, '$1'),
  );
