import { describe, expect, it } from 'vitest';
import { sources, type SourceFile } from './sources.ts';

/** Rooms from the ground up: a room knows only those of its own floor and below, and no two rooms know each other. */
const floors = [
  ['core'],
  ['plan', 'checks'],
  ['stores', 'assets', 'journal'],
  ['repository'],
  ['operations', 'communications'],
  ['procedures'],
  ['drills', 'incidents', 'engine'],
  ['schedule', 'reports'],
  ['app'],
  ['demo'],
  ['api', 'cli', 'web'],
];

/** What another room may import besides `index.ts`: the contracts. */
const contracts = new Set([
  'src/api/client.ts',
  'src/api/contract/index.ts',
  'src/api/contract/words.ts',
  'src/assets/asset.ts',
  'src/assets/entry.ts',
  'src/checks/check.ts',
  'src/communications/notifier.ts',
  // The words of numbers: the page says them as the command line does, and takes nothing else of core along.
  'src/core/in-words.ts',
  'src/journal/journal.ts',
  'src/operations/contract.ts',
  'src/plan/model.ts',
  'src/procedures/step.ts',
  'src/repository/repository.ts',
  'src/stores/store.ts',
]);

/** Folders whose subfolders are drivers behind a contract. */
const seams = ['src/assets', 'src/stores', 'src/procedures/steps', 'src/communications'];
const registry = 'src/app/registry.ts';
/** Folders beside the drivers: wrappers around any of them, what several of them share, and what only tests use. */
const notDrivers = new Set(['wrap', 'posting', 'testing', 'suite']);

const product = sources.filter(({ isTest }) => !isTest);
const roomOf = (path: string): string => path.split('/')[1] as string;
const isDoor = (to: string): boolean => /^src\/[a-z]+\/index\.ts$/.test(to) || contracts.has(to);
const isDriverIndex = (to: string): boolean => to === `${driverOf(to)}/index.ts`;
const floorOf = (room: string): number => floors.findIndex((rooms) => rooms.includes(room));

/** `assets/postgres` from a path inside it, or undefined when it is no driver. */
function driverOf(path: string): string | undefined {
  const seam = seams.find((folder) => path.startsWith(`${folder}/`));
  const rest = seam === undefined ? [] : path.slice(seam.length + 1).split('/');
  return rest.length > 1 && !notDrivers.has(rest[0] as string) ? `${seam}/${rest[0]}` : undefined;
}

const importsBetween = (wrong: (from: SourceFile, to: string) => boolean): string[] =>
  product.flatMap((from) =>
    from.imports.filter(({ path }) => wrong(from, path)).map(({ path }) => `${from.path} → ${path}`),
  );

describe('rooms', () => {
  it('are all known: a new folder under src is placed on a floor', () => {
    const rooms = new Set(sources.map(({ room }) => room).filter((room) => room !== 'testing'));
    expect([...rooms].filter((room) => floorOf(room) < 0)).toEqual([]);
  });

  it('import only rooms of their floor and below', () => {
    expect(importsBetween((from, to) => floorOf(roomOf(to)) > floorOf(from.room))).toEqual([]);
  });

  it('import another room through its index or its contract', () => {
    const throughWall = importsBetween(
      (from, to) => roomOf(to) !== from.room && !isDoor(to) && !(from.path === registry && isDriverIndex(to)),
    );
    expect(throughWall.filter((line) => !line.includes('→ src/procedures/steps/index.ts'))).toEqual([]);
  });

  it('do not know each other in a circle', () => {
    const edges = new Map<string, Set<string>>();
    for (const { room, imports } of product) {
      for (const { path } of imports) if (roomOf(path) !== room) addTo(edges, room, roomOf(path));
    }
    expect(circles(edges)).toEqual([]);
  });

  it('name a concrete driver only in the registry', () => {
    const named = importsBetween((from, to) => {
      const driver = driverOf(to);
      const listsItsOwn = from.path === 'src/procedures/steps/index.ts';
      return driver !== undefined && driver !== driverOf(from.path) && from.path !== registry && !listsItsOwn;
    });
    expect(named).toEqual([]);
  });

  it('keep what only tests use out of the product', () => {
    expect(importsBetween((_, to) => /\/testing\/|\.test\.ts$|\.suite\.ts$/.test(to))).toEqual([]);
  });
});

describe('files', () => {
  it('do not import each other in circles', () => {
    const edges = new Map<string, Set<string>>();
    for (const { path, imports } of product) {
      for (const to of imports.filter(({ kind }) => kind === 'static')) addTo(edges, path, to.path);
    }
    expect(circles(edges)).toEqual([]);
  });

  it('import only files that exist', () => {
    const known = new Set(sources.map(({ path }) => path));
    expect(importsBetween((_, to) => to.startsWith('src/') && !known.has(to))).toEqual([]);
  });
});

describe('the search for circles', () => {
  it('finds one, so that its silence means something', () => {
    const edges = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(circles(edges)).toEqual(['b → c → b']);
  });
});

function addTo(edges: Map<string, Set<string>>, from: string, to: string): void {
  edges.set(from, (edges.get(from) ?? new Set()).add(to));
}

/** Each circle once, as it was first met, walking in order. */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (at: string, way: readonly string[]): void => {
    if (way.includes(at)) return void found.push([...way.slice(way.indexOf(at)), at].join(' → '));
    if (done.has(at)) return;
    for (const next of edges.get(at) ?? []) walk(next, [...way, at]);
    done.add(at);
  };
  for (const start of edges.keys()) walk(start, []);
  return found;
}
