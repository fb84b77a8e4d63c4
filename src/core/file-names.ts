import { isUtf8 } from 'node:buffer';

/**
 * A name of a file is any bytes without `/` and zero. As text, bytes that are no UTF-8 stand as U+DC80 to U+DCFF: halves of a
 * surrogate pair, which no UTF-8 can give, so that each name has one text and each text one name.
 */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((some) => at + some <= bytes.length && isUtf8(bytes.subarray(at, at + some)));
    text += length === undefined ? escapeOf(bytes[at] as number) : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}

/** What `nameOfBytes` made the text of. A half of a pair that is none of its escapes is a mistake: see `isName`. */
export function bytesOfName(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    [...text].map((character) =>
      isEscape(character) ? Buffer.of(character.charCodeAt(0) - 0xdc00) : Buffer.from(character, 'utf8'),
    ),
  );
}

/** For Node's calls: text where text will do, which is faster. */
export const systemPath = (text: string): string | Buffer => (text.isWellFormed() ? text : bytesOfName(text));

/** Whether the text stands for bytes: each half of a pair in it is an escape. */
export const isName = (text: string): boolean =>
  text.isWellFormed() || [...text].every((character) => character.isWellFormed() || isEscape(character));

/** For people and for whatever takes no bytes: `caf\xe9`. */
export const shownName = (text: string): string =>
  text.isWellFormed()
    ? text
    : [...text]
        .map((character) =>
          isEscape(character) ? `\\x${(character.charCodeAt(0) - 0xdc00).toString(16)}` : character.toWellFormed(),
        )
        .join('');

const escapeOf = (byte: number): string => String.fromCharCode(0xdc00 + byte);

const isEscape = (character: string): boolean => {
  const unit = character.charCodeAt(0);
  return character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
};

/**
 * The order in which a tree of files is walked: a folder before what it holds, neighbours by the bytes of their names.
 * Negative if `a` comes first.
 */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === most) return a.length - b.length;
  const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
  if (left < 0x80 && right < 0x80) return left === slash ? -1 : right === slash ? 1 : left - right;
  return Buffer.compare(partAround(a, at), partAround(b, at));
}

const slash = 0x2f;

/** The name that this place belongs to: where names differ, the names of all folders above are the same. */
function partAround(path: string, at: number): Buffer {
  const end = path.indexOf('/', at);
  return bytesOfName(path.slice(path.lastIndexOf('/', at - 1) + 1, end < 0 ? undefined : end));
}
