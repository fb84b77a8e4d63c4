/** The arguments of a command: flags with their values, and the words between them. */
export interface Arguments {
  readonly words: readonly string[];
  /** The value of the first of these flags that is given: `-n NAME`, `--namespace NAME`, `--namespace=NAME`. */
  flag(...names: readonly string[]): string | undefined;
  flags(...names: readonly string[]): string[];
  has(...names: readonly string[]): boolean;
}

/** `switches`: flags that take no value; every other flag takes the word behind it, unless that is a flag too. */
export function readArguments(written: readonly string[], switches: readonly string[] = []): Arguments {
  const words: string[] = [];
  const given: { name: string; value: string | undefined }[] = [];
  for (let at = 0; at < written.length; at += 1) {
    const word = written[at] as string;
    if (word === '--') {
      words.push(...written.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const next = written[at + 1];
    if (equals > 0) given.push({ name: word.slice(0, equals), value: word.slice(equals + 1) });
    else if (switches.includes(word) || next === undefined || (next.startsWith('-') && next !== '-')) {
      given.push({ name: word, value: undefined });
    } else {
      given.push({ name: word, value: next });
      at += 1;
    }
  }
  const flags = (...names: readonly string[]): string[] =>
    given.flatMap(({ name, value }) => (names.includes(name) && value !== undefined ? [value] : []));
  return {
    words,
    flag: (...names) => flags(...names)[0],
    flags,
    has: (...names) => given.some(({ name }) => names.includes(name)),
  };
}

const wrappers = ['sudo', 'time', 'nohup', 'exec', 'command', 'env'];

/** The program that is really called, and its arguments: without `sudo -u postgres`. */
export function callOf(words: readonly string[]): { program: string; words: readonly string[] } {
  let rest = words;
  while (wrappers.includes(rest[0] ?? '')) {
    const wrapper = rest[0];
    rest = rest.slice(1);
    while (rest[0]?.startsWith('-') === true) rest = rest.slice(wrapper === 'sudo' && /^-[ugh]$/.test(rest[0]) ? 2 : 1);
    if (wrapper === 'env') rest = rest.slice(rest.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
  }
  return { program: (rest[0] ?? '').split('/').at(-1) ?? '', words: rest.slice(1) };
}
