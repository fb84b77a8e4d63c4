import { createHash } from 'node:crypto';
import { bech32 } from '@scure/base';
import { LifeboatError, Secret } from '../../../core/index.ts';
import { shareBytes, shareWords, understand, wordsOf } from './words.ts';

/** An identity that nobody has whole: its parts as words, to be printed. */
export interface SplitIdentity {
  readonly recipient: string;
  /** Names the identity on each sheet, 10 hex digits. */
  readonly set: string;
  readonly shares: readonly Share[];
}

export interface Share {
  readonly number: number;
  readonly words: Secret;
}

/** A share as it was typed or read, checked by itself. */
export interface ReadShare {
  readonly set: string;
  readonly number: number;
  readonly needed: number;
  readonly piece: Uint8Array;
}

const version = 1;
const prefix = 'age-secret-key-';

/** Makes a fresh identity and splits it: any `needed` of the `of` shares give it back, fewer tell nothing. */
export async function splitFreshIdentity({ of, needed }: { of: number; needed: number }): Promise<SplitIdentity> {
  const { generateIdentity, identityToRecipient } = await import('age-encryption');
  const { split } = await import('shamir-secret-sharing');
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const raw = bech32.fromWords(bech32.decode(identity.toLowerCase() as `${string}1${string}`, 200).words);
  const pieces = await split(raw, of, needed);
  raw.fill(0);
  const set = setOf(recipient);
  const shares = pieces.map((piece, i) => {
    const payload = Buffer.concat([Buffer.of(version), Buffer.from(set, 'hex'), Buffer.of(i + 1, needed), piece]);
    const words = wordsOf(payload).join(' ');
    payload.fill(0);
    piece.fill(0);
    return { number: i + 1, words: new Secret(words) };
  });
  return { recipient, set, shares };
}

/** `from` says for people where the words come from. Throws `share.damaged`, which names the words by number and never by text. */
export function readShare(text: string, from: string): ReadShare {
  const typed = wordsIn(text);
  new Secret(typed.join(' ')).reveal(); // known from here on, so that nothing prints it
  const understood = understand(typed);
  if (!('payload' in understood)) throw damagedShare(from, understood.why, understood.wrong, understood.count);
  const { payload } = understood;
  if (payload[0] !== version) throw damagedShare(from, 'check', [], typed.length);
  const [number, needed] = [payload[6] as number, payload[7] as number];
  return { set: payload.toString('hex', 1, 6), number, needed, piece: payload.subarray(8, shareBytes) };
}

/** Throws `share.few`, `share.mixed`, `share.damaged`. */
export async function combineShares(
  shares: readonly { readonly from: string; readonly share: ReadShare }[],
): Promise<{ identity: Secret; recipient: string; set: string }> {
  const first = shares[0];
  if (first === undefined) throw new LifeboatError('share.few', 'no share was given');
  const other = shares.find(({ share }) => share.set !== first.share.set || share.needed !== first.share.needed);
  if (other !== undefined) {
    const named = `${first.from} is of the set ${first.share.set}, ${other.from} of ${other.share.set}`;
    throw new LifeboatError('share.mixed', `these shares do not belong together: ${named}`, {
      hint: 'The set stands on each sheet. Take sheets of one set, the latest first.',
    });
  }
  const distinct = [...new Map(shares.map((one) => [one.share.number, one.share])).values()];
  const { needed, set } = first.share;
  if (distinct.length < needed) {
    throw new LifeboatError('share.few', `${distinct.length} of the ${needed} shares that are needed were given`, {
      hint: 'Give each with --key FILE. Every sheet says who holds the others; the same sheet twice counts once.',
    });
  }
  return { ...(await identityFrom(distinct, set)), set };
}

async function identityFrom(
  shares: readonly ReadShare[],
  set: string,
): Promise<{ identity: Secret; recipient: string }> {
  const { identityToRecipient } = await import('age-encryption');
  const { combine } = await import('shamir-secret-sharing');
  try {
    const raw = await combine(shares.map(({ piece }) => new Uint8Array(piece)));
    const identity = bech32.encode(prefix, bech32.toWords(raw), 200).toUpperCase();
    const recipient = await identityToRecipient(identity);
    if (setOf(recipient) === set) return { identity: new Secret(identity), recipient };
  } catch {
    // What the library says may hold a piece of the secret; shares that do not fit together are all there is to tell.
  }
  const numbers = shares.map(({ number }) => number).join(', ');
  throw new LifeboatError('share.damaged', `the shares ${numbers} of the set ${set} do not make a key together`, {
    hint: 'Each was copied right, so one of them was not made with the others. Try other sheets of the set.',
  });
}

/** The words of a sheet, of a file with nothing else, or as somebody typed them: numbers and marks are left out. */
export function wordsIn(text: string): string[] {
  const [, marked] = /^-+ *words.*$([\s\S]*?)^-+ *end of words/im.exec(text) ?? [];
  return (marked ?? text).split(/[^\p{L}]+/u).filter((word) => word !== '');
}

/** Whether a text is meant as a share, right or wrong, rather than as a passphrase. */
export const looksLikeShare = (text: string): boolean =>
  /^-+ *words/im.test(text) || Math.abs(wordsIn(text).length - shareWords) <= 4;

const setOf = (recipient: string): string => createHash('sha256').update(recipient).digest('hex').slice(0, 10);

function damagedShare(
  from: string,
  why: 'count' | 'unknown' | 'check',
  wrong: readonly number[],
  count: number,
): LifeboatError {
  const named = wrong.length === 1 ? `word ${wrong[0]}` : `words ${wrong.join(', ')}`;
  const what = {
    count: `it has ${count} words, a share has ${shareWords}`,
    unknown: `${named} ${wrong.length === 1 ? 'is' : 'are'} not in the list of words`,
    check:
      wrong.length === 0
        ? 'several words are not as printed'
        : `${named} ${wrong.length === 1 ? 'is' : 'are'} not as printed`,
  }[why];
  return new LifeboatError('share.damaged', `the share from ${from} was not copied right: ${what}`, {
    hint: 'Compare with the sheet, word by word: similar words and swapped rows are easily taken for each other.',
  });
}
