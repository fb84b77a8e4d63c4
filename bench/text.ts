import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The same numbers on every machine and in every run (xorshift32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Words of a language that nobody speaks, the common ones much more often than the rare: compresses about as English does. */
export function prose(words: number, next: () => number): string {
  let text = '';
  for (let index = 0; index < words; index += 1) {
    const word = vocabulary[Math.floor(next() ** 3 * vocabulary.length)] as string;
    text += index === 0 ? word : next() < 0.09 ? `. ${word}` : ` ${word}`;
  }
  return text;
}

/** Rows for `\copy`: an id, a jsonb object, about 1.5 KB of text. */
export const writeDocuments = (file: string, count: number): Promise<void> =>
  pipeline(Readable.from(documents(count)), createWriteStream(file));

function* documents(count: number): Generator<string> {
  const next = numbers(20_261_121);
  for (let from = 1; from <= count; from += 1000) {
    let block = '';
    for (let id = from; id < Math.min(from + 1000, count + 1); id += 1)
      block += `${id}\t${facts(id, next)}\t${prose(240, next)}\n`;
    yield block;
  }
}

const facts = (id: number, next: () => number): string =>
  JSON.stringify({
    customer: Math.floor(next() * 100_000),
    reference: `${id}-${Math.floor(next() * 2 ** 32).toString(16)}`,
    tags: [prose(1, next), prose(1, next), prose(1, next)],
    price: Math.floor(next() * 100_000) / 100,
    changes: 0,
    address: { street: prose(2, next), number: Math.floor(next() * 200), city: prose(1, next) },
  });

const vocabulary = makeVocabulary();

function makeVocabulary(): string[] {
  const next = numbers(7);
  const pick = (from: string): string => from[Math.floor(next() * from.length)] as string;
  const words = new Set<string>();
  while (words.size < 8000) {
    const syllables = 1 + Math.floor(next() * (1 + Math.log10(words.size + 10)));
    let word = '';
    for (let index = 0; index < syllables; index += 1)
      word += pick('bcdfghklmnprstvw') + pick('aeiou') + pick('  nrst').trim();
    words.add(word);
  }
  return [...words];
}
