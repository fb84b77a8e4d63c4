import type { Path } from '../../document.ts';
import { isMapping } from '../../inspection.ts';
import type { Act } from './commands/act.ts';
import { actsOfText } from './commands/acts.ts';
import type { Facts } from './facts.ts';

/** A kind of file that copies of an asset are kept in, with what its command says. */
export interface Artifact {
  readonly asset: string;
  readonly path: Path;
  readonly file: string | undefined;
  readonly format: string | undefined;
  readonly compressed: boolean;
  readonly store: string | undefined;
  /** Where its command puts it: `s3://bucket/prefix/`. */
  readonly uploads: readonly string[];
  readonly written: Readonly<Record<string, unknown>>;
  readonly acts: readonly Act[];
}

export function artifactsOf(facts: Facts): Artifact[] {
  return facts.written.entries('assets').flatMap(([asset]) =>
    facts.written.entries('assets', asset, 'artifacts').map(([name, written]) => {
      const acts = typeof written['command'] === 'string' ? actsOfText(written['command']) : [];
      return {
        asset,
        path: ['assets', asset, 'artifacts', name],
        file: textOf(written['file']),
        format: textOf(written['format']),
        compressed: isCompressed(written),
        store: textOf(written['store']),
        uploads: acts.flatMap(({ kind, file }) => (kind === 'uploads' && file !== undefined ? [file] : [])),
        written,
        acts,
      };
    }),
  );
}

function isCompressed(written: Readonly<Record<string, unknown>>): boolean {
  if (written['compressed'] !== undefined) return written['compressed'] !== 'none';
  return /\.(gz|zst|bz2|xz)(\.|$)/.test(textOf(written['file']) ?? '');
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * Whether a file that is taken can be one that is made: both may hold placeholders (`YYYY-MM-DD`, `$DATE`, `{date}`, `*`,
 * `20260218_120000`).
 */
export function canBe(taken: string, made: string): boolean {
  const [wanted, written] = [nameOf(taken).slice(0, nameMax), nameOf(made).slice(0, nameMax)];
  return wanted === written || fits(sampleOf(wanted), partsOf(written));
}

export const nameOf = (file: string): string => file.split('/').at(-1) ?? file;

const datePart = /YYYY|yyyy|MM|DD|dd|HH|hh|mm|SS|ss|%[YmdHMS]|\d{2,}/g;
const freePart = /\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\{\{?[^}]*\}?\}|<[^>]*>|\[[^\]]*\]|\*/g;
const hole = new RegExp(`${freePart.source}|${datePart.source}`, 'g');
/** No file has a longer name. */
const nameMax = 255;

/** One character, or one or more of a class. */
type Part = { readonly one: string } | { readonly some: RegExp };

/** Dates become digits, other placeholders anything. */
function partsOf(made: string): Part[] {
  const literal = (text: string): Part[] => [...text].map((one) => ({ one }));
  const parts: Part[] = [];
  let from = 0;
  for (const found of made.matchAll(hole)) {
    const [text] = found;
    parts.push(...literal(made.slice(from, found.index)), { some: classOf(text) });
    from = found.index + text.length;
  }
  return [...parts, ...literal(made.slice(from))];
}

function classOf(placeholder: string): RegExp {
  if (!/^[$*{<[]/.test(placeholder)) return /\d/;
  return /date|time|stamp|day/i.test(placeholder) ? /[\dTZ_:.-]/ : /./;
}

/** All readings at once, so that a name of many placeholders takes no longer than another. */
function fits(name: string, parts: readonly Part[]): boolean {
  let reached = new Set([0]);
  for (const letter of name) {
    const next = new Set<number>();
    for (const index of reached) {
      const part = parts[index];
      if (part === undefined) continue;
      const matches = 'one' in part ? part.one === letter : part.some.test(letter);
      if (matches) next.add(index + 1);
      if (matches && 'some' in part) next.add(index);
    }
    reached = next;
  }
  return reached.has(parts.length);
}

/** An example of what is taken: placeholders become a date's digits. */
const sampleOf = (taken: string): string =>
  taken
    .replaceAll(freePart, '20260218')
    .replaceAll(/YYYY|yyyy|%Y/g, '2026')
    .replaceAll(/MM|DD|dd|HH|hh|mm|SS|ss|%[mdHMS]/g, '02');

export const bucketName = (facts: Facts, store: string): string | undefined => {
  const bucket = facts.written.at(['stores', store, 'bucket']);
  return isMapping(bucket) ? undefined : textOf(bucket);
};
