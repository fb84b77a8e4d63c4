import { expect, it } from 'vitest';
import { AgainstList } from './against-list.ts';

const first = (path: string): string => `{"path":"${path}","type":"file","bytes":9,"pieces":[[0,9,"id"]]}`;
const more = '{"pieces":[[9,9,"id"]]}';
const list = [
  [first('a'), more],
  [more, first('b'), more, first('c')],
];

async function* parts(): AsyncGenerator<string[]> {
  yield* list;
}

it('files are found in any order, each with all of its lines, and once', async () => {
  const against = new AgainstList(parts);
  expect(await against.linesOf('c')).toEqual([first('c')]);
  expect(await against.linesOf('a')).toEqual([first('a'), more, more]);
  expect(await against.linesOf('a')).toBeUndefined();
  expect(await against.linesOf('d')).toBeUndefined();
  expect(against.failure).toBeUndefined();
});

it('what does not fit into the memory for it is told, and no file is held in part', async () => {
  const bytes = list.flat().reduce((total, line) => total + line.length, 0);
  const cut = async (charactersMax: number): Promise<unknown[]> => {
    const against = new AgainstList(parts, charactersMax);
    const found = [];
    for (const path of ['a', 'b', 'c']) found.push((await against.linesOf(path))?.length);
    return [...found, against.failure?.startsWith('the entry list of the point before is too long ')];
  };
  expect(await cut(bytes)).toEqual([3, 2, 1, undefined]);
  expect(await cut(bytes - 1)).toEqual([3, 2, undefined, true]);
  expect(await cut(first('a').length + 2 * more.length)).toEqual([3, undefined, undefined, true]);
  expect(await cut(first('a').length + 2 * more.length - 1)).toEqual([undefined, undefined, undefined, true]);
});
