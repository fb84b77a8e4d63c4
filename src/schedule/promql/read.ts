/** The part of PromQL that our own rules are written in; each node is what Prometheus understands by it. */
export type Expression =
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'time' }
  | {
      readonly is: 'series';
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly overMs: number | undefined;
    }
  | { readonly is: 'call'; readonly name: Call; readonly of: Expression; readonly by: readonly string[] }
  | { readonly is: 'both'; readonly operator: string; readonly left: Expression; readonly right: Expression };

const calls = ['abs', 'absent', 'avg_over_time', 'count', 'max', 'min', 'sum', 'vector'] as const;
type Call = (typeof calls)[number];

/** From the loosest to the tightest; those of one row from left to right. */
const operators = [['or'], ['and', 'unless'], ['==', '>=', '<=', '>', '<'], ['+', '-'], ['*', '/']] as const;
const token = /\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?(?![\w.])|\d+[smhd](?!\w)|[A-Za-z_]\w*|==|>=|<=|[-+*/<>(){}[\],=])/y;

/** Undefined for what is beyond it: a query that people wrote may say anything, and is left to a Prometheus. */
export function readExpression(text: string): Expression | undefined {
  const words: string[] = [];
  token.lastIndex = 0;
  for (let at = 0; at < text.trimEnd().length; at = token.lastIndex) {
    const found = token.exec(text)?.[1];
    if (found === undefined) return undefined;
    words.push(found);
  }
  try {
    return new Reader(words).whole();
  } catch (error) {
    if (error instanceof Beyond) return undefined;
    throw error;
  }
}

class Beyond extends Error {}

class Reader {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  whole(): Expression {
    const read = this.#level(0);
    if (this.#at < this.#words.length) throw new Beyond();
    return read;
  }

  #level(level: number): Expression {
    const row = operators[level] as readonly string[] | undefined;
    if (row === undefined) return this.#single();
    let left = this.#level(level + 1);
    while (row.includes(this.#words[this.#at] ?? '')) {
      const operator = this.#next();
      left = { is: 'both', operator, left, right: this.#level(level + 1) };
    }
    return left;
  }

  #single(): Expression {
    const word = this.#next();
    if (word === '(') return this.#inside();
    if (/^\d/.test(word) && Number.isFinite(Number(word))) return { is: 'number', value: Number(word) };
    if (!/^[A-Za-z_]/.test(word)) throw new Beyond();
    if (word === 'time') {
      this.#take('(', ')');
      return { is: 'time' };
    }
    const name = calls.find((one) => one === word);
    if (name === undefined) return this.#series(word);
    const by = this.#words[this.#at] === 'by' ? this.#by() : [];
    this.#take('(');
    return { is: 'call', name, of: this.#inside(), by };
  }

  #inside(): Expression {
    const read = this.#level(0);
    this.#take(')');
    return read;
  }

  #by(): string[] {
    this.#take('by', '(');
    const labels: string[] = [];
    for (let word = this.#next(); word !== ')'; word = this.#next()) if (word !== ',') labels.push(word);
    return labels;
  }

  #series(name: string): Expression {
    const labels: Record<string, string> = {};
    if (this.#words[this.#at] === '{') {
      this.#take('{');
      for (let word = this.#next(); word !== '}'; word = this.#next()) {
        if (word === ',') continue;
        this.#take('=');
        labels[word] = textOf(this.#next());
      }
    }
    if (this.#words[this.#at] !== '[') return { is: 'series', name, labels, overMs: undefined };
    this.#take('[');
    const overMs = durationMs(this.#next());
    this.#take(']');
    return { is: 'series', name, labels, overMs };
  }

  #next(): string {
    const word = this.#words[this.#at];
    if (word === undefined) throw new Beyond();
    this.#at += 1;
    return word;
  }

  #take(...wanted: readonly string[]): void {
    for (const one of wanted) if (this.#next() !== one) throw new Beyond();
  }
}

function textOf(word: string): string {
  if (!word.startsWith('"')) throw new Beyond();
  return JSON.parse(word) as string;
}

export function durationMs(word: string): number {
  const [, digits, unit = ''] = /^(\d+)([smhd])$/.exec(word) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (seconds === undefined) throw new Beyond();
  return Number(digits) * seconds * 1000;
}
