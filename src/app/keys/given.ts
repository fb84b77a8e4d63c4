import { LifeboatError, Secret } from '../../core/index.ts';
import { combineShares, looksLikeShare, readShare, type Unlock } from '../../repository/index.ts';

/** A text that shall open the copies, and for people where it is from. */
export interface GivenKey {
  readonly from: string;
  readonly text: string;
}

/**
 * What the texts of `--key` open: each is an age identity, a share (several in one text are fine), or else a passphrase. Shares of
 * one set are put together. Throws `share.*`, `key.missing`.
 */
export async function unlockFrom(given: readonly GivenKey[]): Promise<Unlock> {
  const ways: Unlock[] = [];
  const shares: { from: string; share: ReturnType<typeof readShare> }[] = [];
  for (const { from, text } of given.flatMap(oneByOne)) {
    if (text.trim() === '') throw new LifeboatError('key.missing', `${from} is empty: it holds no key`);
    if (/AGE-SECRET-KEY-1/i.test(text)) ways.push({ identity: new Secret(text) });
    else if (looksLikeShare(text)) shares.push({ from, share: readShare(text, from) });
    else ways.push({ passphrase: new Secret(text.replace(/\r?\n$/, '')) });
  }
  if (shares.length > 0) ways.push({ identity: (await combineShares(shares)).identity });
  return { more: ways };
}

/** A pipe may bring several sheets, one behind the other. */
function oneByOne({ from, text }: GivenKey): GivenKey[] {
  const blocks = text.match(/^-+ *words.*$[\s\S]*?^-+ *end of words/gim) ?? [];
  if (blocks.length < 2) return [{ from, text }];
  return blocks.map((block, i) => ({ from: `${from}, sheet ${i + 1}`, text: block }));
}
