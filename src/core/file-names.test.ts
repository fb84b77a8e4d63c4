import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfName, comparePaths, isName, nameOfBytes, shownName, systemPath } from './file-names.ts';

/** Bytes as they may stand in a name, many of them near what is UTF-8 and is not. */
const anyName = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).map((text) => Buffer.from(text)),
      fc.constantFrom([0xed, 0xb2, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x98]).map(Buffer.from),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => Buffer.concat(parts).filter((byte) => byte !== 0 && byte !== 0x2f))
  .filter((bytes) => bytes.length > 0)
  .map((bytes) => Buffer.from(bytes));

describe('a name of a file', () => {
  test('of any bytes comes back from its text, and from its text as JSON', () => {
    fc.assert(
      fc.property(anyName, (bytes) => {
        const text = nameOfBytes(bytes);
        expect(isName(text)).toBe(true);
        expect(bytesOfName(text)).toEqual(bytes);
        expect(Buffer.from(systemPath(text))).toEqual(bytes);
        const json = Buffer.from(JSON.stringify(text)).toString();
        expect(bytesOfName(JSON.parse(json) as string)).toEqual(bytes);
      }),
    );
  });

  test('has one text: two names never share one', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(nameOfBytes(a) === nameOfBytes(b)).toBe(a.equals(b));
      }),
    );
  });

  test('that is UTF-8 is its own text', () => {
    expect(nameOfBytes(Buffer.from('ünïcode ☂ 🙂'))).toBe('ünïcode ☂ 🙂');
  });

  test('is shown with its odd bytes spelled out', () => {
    expect(shownName(nameOfBytes(Buffer.from('caf\xe9 ☂', 'latin1')))).toMatch(/^caf\\xe9 /);
    expect(shownName('plain')).toBe('plain');
  });

  test('cannot hide a slash, a dot or half a character behind an escape', () => {
    for (const text of ['\udc2f', '\udc2e', '\udc00', '\ud800', '\udd00', 'a\udbffb']) expect(isName(text)).toBe(false);
  });
});

describe('paths', () => {
  const anyPath = fc.array(anyName.map(nameOfBytes), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  /** The order of a walk: name by name, each by its bytes. */
  const slow = (a: string, b: string): number => {
    const [left, right] = [a.split('/'), b.split('/')];
    for (const [i, part] of left.entries()) {
      if (right[i] === undefined) return 1;
      const order = Buffer.compare(bytesOfName(part), bytesOfName(right[i]));
      if (order !== 0) return order;
    }
    return left.length - right.length;
  };

  test('stand in the order of a walk', () => {
    fc.assert(
      fc.property(anyPath, anyPath, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(slow(a, b)));
      }),
    );
    expect(['a.txt', 'a/x', 'a', '', 'ab', 'a-b'].toSorted(comparePaths)).toEqual([
      '',
      'a',
      'a/x',
      'a-b',
      'a.txt',
      'ab',
    ]);
  });
});
