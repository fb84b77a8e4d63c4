import { describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/command-table.ts';
import { parse } from '../../src/cli/parse.ts';
import { codeOf, sources } from './sources.ts';

interface Said {
  readonly path: string;
  /** As the source has it: `restore`, `${asset}`, `--to`, `FOLDER`. */
  readonly tokens: readonly string[];
  /** A sentence may name a command; what stands behind a colon is to be pasted. */
  readonly isName: boolean;
}

const options = new Map<string, ReadonlySet<string>>();
for (const { name, load } of commandTable) {
  const { command } = await load();
  const valued = (command.options ?? []).filter(({ flags }) => flags.includes('<'));
  options.set(name, new Set(['--key', ...valued.map(({ flags }) => flags.split(' ')[0] as string)]));
}

const token = /^ (--[a-z-]+|\$\{(?:[^{}`]|\{[^{}]*\})*\}|"[^"]*"|[A-Za-z0-9][\w./:=-]*)/;

/** Every command of ours that a text of the product says, up to the words of the sentence behind it. */
function commandsIn(path: string, code: string): Said[] {
  return [...code.matchAll(/(?<=['"`( ])lifeboat(?= [a-z])/g)].flatMap(({ index }) => {
    const tokens: string[] = [];
    let rest = code.slice(index + 'lifeboat'.length, index + 1_000);
    for (;;) {
      const [whole = '', found = ''] = token.exec(rest) ?? [];
      // A full stop ends the sentence, and is no part of a word.
      const word = found.startsWith('$') ? found : found.replace(/[.:]+$/, '');
      if (word === '' || !belongs(word, tokens)) break;
      tokens.push(word);
      rest = rest.slice(whole.length);
      if (word !== found) break;
    }
    const name = nameOf(tokens);
    if (name === undefined) return [];
    const isBare = tokens.length === name.split(' ').length || options.get(name)?.has(tokens.at(-1) as string) === true;
    return [{ path, tokens, isName: isBare && !code.slice(0, index).endsWith(': ') }];
  });
}

/** Whether a word behind these is one of the command, and not of the sentence. */
function belongs(word: string, before: readonly string[]): boolean {
  if (before.length === 0 || /^(--|\$\{|"|[A-Z][A-Z0-9_-]*$)/.test(word)) return true;
  if (before.length === 1) return options.has(`${before[0]} ${word}`);
  return options.get(nameOf(before) ?? '')?.has(before.at(-1) as string) === true;
}

const nameOf = (tokens: readonly string[]): string | undefined =>
  [tokens.slice(0, 2).join(' '), tokens[0] ?? ''].find((name) => options.has(name));

/** What a command says of itself is a sentence; its examples are of a plan that nobody here has. */
const ownWords = /\b(description|summary):\s*(['`])(?:(?!\2)[^\\]|\\.)*\2|\bexamples: \[[\s\S]*?\n? *\],?\n/g;

const product = sources.filter(({ isTest, path }) => !isTest && !path.startsWith('src/web/'));
const said = product.flatMap(({ path, text }) => commandsIn(path, codeOf(text).replaceAll(ownWords, '')));
const shown = ({ path, tokens }: Said): string => `${path}: lifeboat ${tokens.join(' ')}`;

describe('a command of ours in a hint, a message or a question', () => {
  it('can be pasted: it exists, takes the flags that are named, and lacks none that it needs', async () => {
    const wrong: string[] = [];
    for (const one of said.filter(({ isName }) => !isName)) {
      const words = one.tokens.map((word) => (word.startsWith('$') ? 'x' : word.replaceAll('"', '')));
      const invocation = await parse(words).catch(() => undefined); // a flag that it does not know
      const isHelp = invocation?.kind === 'text' && invocation.exitCode === 0;
      if (invocation?.kind !== 'run' && !isHelp) wrong.push(shown(one));
    }
    expect(wrong).toEqual([]);
    expect(said.length).toBeGreaterThan(150);
  });

  it('has every path as one word, whatever the path holds', () => {
    const isPath = /\$\{[^{}]*(path|folder|file|target|dir)\b[^{}]*\}/i;
    const bare = said.filter(({ tokens }) => tokens.some((word) => isPath.test(word) && !word.includes('shellWord(')));
    expect(bare.map(shown)).toEqual([]);
    const others = product.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(mkdir -p|chmod [a-z+]+|chown \S+) \$\{(?!shellWord\()[^}]*\}/g)].map(
        ([one]) => `${path}: ${one}`,
      ),
    );
    expect(others).toEqual([]);
  });
});
