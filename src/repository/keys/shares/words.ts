import { wordlist } from '@scure/bip39/wordlists/english.js';

/** docs/FORMAT.md, 3.2: 30 words carry 41 bytes, 4 more tell whether they were copied right, and mostly which one was not. */
export const shareBytes = 41;
const dataWords = 30;
const checkWords = 4;
export const shareWords = dataWords + checkWords;

const bitsOfWord = 11;
const numberOf: ReadonlyMap<string, number> = new Map(wordlist.map((word, number) => [word, number]));

export function wordsOf(payload: Uint8Array): string[] {
  const bits = [...payload].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const padded = bits.padEnd(dataWords * bitsOfWord, '0');
  const data = Array.from({ length: dataWords }, (_, i) =>
    Number.parseInt(padded.slice(i * bitsOfWord, (i + 1) * bitsOfWord), 2),
  );
  return [...data, ...checkOf(data)].map((number) => wordlist[number] as string);
}

/** What was typed: the bytes, or which words (counted from 1) are wrong as far as that can be told. */
export type Understood =
  | { readonly payload: Buffer }
  | { readonly wrong: readonly number[]; readonly why: 'count' | 'unknown' | 'check'; readonly count: number };

/** Upper case, four letters of a word (no two begin alike) and any spaces are as good as what was printed. */
export function understand(typed: readonly string[]): Understood {
  const numbers = typed.map((word) => numberFrom(word));
  const unknown = numbers.flatMap((number, i) => (number === undefined ? [i + 1] : []));
  if (unknown.length > 0) return { wrong: unknown, why: 'unknown', count: typed.length };
  if (typed.length !== shareWords) return { wrong: [], why: 'count', count: typed.length };
  const symbols = numbers as number[];
  const syndromes = syndromesOf(symbols);
  if (syndromes.some((one) => one !== 0)) return { wrong: locate(syndromes), why: 'check', count: typed.length };
  const bits = symbols
    .slice(0, dataWords)
    .map((number) => number.toString(2).padStart(bitsOfWord, '0'))
    .join('');
  if (/1/.test(bits.slice(shareBytes * 8))) return { wrong: [], why: 'check', count: typed.length };
  return {
    payload: Buffer.from(
      bits
        .match(/.{8}/g)
        ?.slice(0, shareBytes)
        .map((byte) => Number.parseInt(byte, 2)) ?? [],
    ),
  };
}

function numberFrom(word: string): number | undefined {
  const lower = word.toLowerCase();
  const exact = numberOf.get(lower);
  if (exact !== undefined || lower.length < 4) return exact;
  const found = lower.length === 4 ? wordlist.findIndex((one) => one.startsWith(lower)) : -1;
  return found < 0 ? undefined : found;
}

/** A Reed-Solomon code over the field of 2^11 elements, made by x^11 + x^2 + 1, with the roots 1, a, a², a³. */
const field = 2 ** bitsOfWord;
const powers: number[] = [];
const logarithms: number[] = [];
for (let i = 0, value = 1; i < field - 1; i += 1) {
  powers.push(value);
  logarithms[value] = i;
  value *= 2;
  if (value >= field) value ^= 0x805;
}
const power = (exponent: number): number => powers[((exponent % (field - 1)) + field - 1) % (field - 1)] as number;
const times = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : power((logarithms[a] as number) + (logarithms[b] as number));
const over = (a: number, b: number): number =>
  a === 0 ? 0 : power((logarithms[a] as number) - (logarithms[b] as number));

const generator = Array.from({ length: checkWords }, (_, i) => power(i)).reduce<number[]>(
  (polynomial, root) => {
    const shifted = [...polynomial, 0];
    return shifted.map((value, i) => value ^ times(polynomial[i - 1] ?? 0, root));
  },
  [1],
);

function checkOf(data: readonly number[]): number[] {
  const rest = [...data, ...Array<number>(checkWords).fill(0)];
  for (let i = 0; i < data.length; i += 1) {
    const factor = rest[i] as number;
    generator.forEach((value, j) => (rest[i + j] = (rest[i + j] as number) ^ times(value, factor)));
  }
  return rest.slice(data.length);
}

const syndromesOf = (symbols: readonly number[]): number[] =>
  Array.from({ length: checkWords }, (_, j) => symbols.reduce((sum, symbol) => times(sum, power(j)) ^ symbol, 0));

/** The one or two words whose change explains what is seen; empty when more are wrong. */
function locate(syndromes: readonly number[]): number[] {
  for (let a = 1; a <= shareWords; a += 1) if (explains(syndromes, [a])) return [a];
  for (let a = 1; a <= shareWords; a += 1) {
    for (let b = a + 1; b <= shareWords; b += 1) if (explains(syndromes, [a, b])) return [a, b];
  }
  return [];
}

function explains(syndromes: readonly number[], [first, second]: readonly number[]): boolean {
  const [s0, s1] = syndromes as [number, number];
  const x = power(shareWords - (first as number));
  if (second === undefined) return syndromes.every((one, j) => one === times(s0, raised(x, j)));
  const y = power(shareWords - second);
  // Two unknown changes e and f with e + f = s0 and e·x + f·y = s1.
  const f = over(s1 ^ times(s0, x), x ^ y);
  const e = s0 ^ f;
  return syndromes.every((one, j) => one === (times(e, raised(x, j)) ^ times(f, raised(y, j))));
}

const raised = (value: number, exponent: number): number => power((logarithms[value] as number) * exponent);
