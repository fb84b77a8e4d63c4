import { describe, expect, it } from 'vitest';
import { createOutput, wantsColours } from './output.ts';

function paper(silent = false) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  return { written, output: createOutput({ stream, silent, environment: {}, beforeLine: () => {} }) };
}

describe('output', () => {
  it('aligns columns, numbers to the right, without lines or trailing spaces', () => {
    const { written, output } = paper();
    output.table(
      ['asset', '>size'],
      [
        ['orders', '1.2 GB'],
        ['up', '3 B'],
      ],
    );
    expect(written.join('')).toBe('asset     size\norders  1.2 GB\nup         3 B\n');
  });

  it('writes nothing at all when machines read', () => {
    const { written, output } = paper(true);
    output.line('x');
    output.table(['a'], [['b']]);
    expect(written).toEqual([]);
  });

  it('takes passwords out of addresses', () => {
    const { written, output } = paper();
    output.line('postgresql://shop:hunter22@db/orders');
    expect(written.join('')).not.toContain('hunter22');
  });

  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('with a terminal %j and %j uses colours: %j', (isTTY, environment, expected) => {
    expect(wantsColours({ isTTY, write: () => {} }, environment)).toBe(expected);
  });
});
