import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { idOf, runIn, type Answer, type Ground } from './ground.ts';

/** A command line that is swept, and what must be so when it ended. */
export interface SweptCommand {
  /** As the table of commands names it. */
  readonly command: string;
  readonly title: string;
  readonly words: (ground: Ground) => readonly string[];
  /** What only reads the store leaves every byte of it as it was, and meets no full disk. */
  readonly reads: boolean;
  readonly before?: (folder: string) => Promise<void>;
  /** Exit code 0 was said: the claim, examined. */
  readonly succeeded: (folder: string, answer: Answer, ground: Ground) => Promise<void>;
  /** Another exit code was said: nothing half-done is there. */
  readonly failed?: (folder: string) => Promise<void>;
  /** When the same command works once more; a run that is done is not gone on with. Default: always. */
  readonly again?: 'after a failure';
  /** What must be so in the end. */
  readonly afterwards?: (folder: string, ground: Ground) => Promise<void>;
}

export const sweptCommands: readonly SweptCommand[] = [
  {
    command: 'store init',
    title: 'makes no half repository that a second try cannot use',
    words: () => ['store', 'init'],
    reads: false,
    before: forgetStore,
    succeeded: expectWorkingStore,
  },
  {
    command: 'backup',
    title: 'loses nothing that was safe, and never calls a point what does not restore',
    words: () => ['backup'],
    reads: false,
    succeeded: (folder, answer) => expectRestores(folder, idOf(answer), 'third'),
    afterwards: expectOldPoints,
  },
  {
    command: 'points',
    title: 'never hides a point',
    words: () => ['points'],
    reads: true,
    succeeded: async (_, { json }, { points }) => {
      expect((json['points'] as { id: string }[]).map(({ id }) => id)).toEqual(points);
    },
  },
  {
    command: 'points forget',
    title: 'takes out that point and no other',
    words: ({ points }) => ['points', 'forget', points[0] as string],
    reads: false,
    succeeded: async (folder, _, { points }) => {
      const { exitCode, json } = await runIn(folder, ['points']);
      expect(exitCode).toBe(0);
      expect((json['points'] as { id: string }[]).map(({ id }) => id)).toEqual([points[1]]);
    },
    afterwards: async (folder, { points }) => {
      expect((await runIn(folder, ['verify', '--all'])).exitCode).toBe(0);
      await expectRestores(folder, points[1] as string, 'second');
    },
  },
  {
    command: 'points hold',
    title: 'holds what it says is held',
    words: ({ points }) => ['points', 'hold', points[0] as string, '--reason', 'a test'],
    reads: false,
    succeeded: async (folder, { json }, { points }) => {
      const { exitCode, json: listed } = await runIn(folder, ['points', 'holds']);
      expect(exitCode).toBe(0);
      expect(listed['holds']).toContainEqual(expect.objectContaining({ id: (json['hold'] as { id: string }).id }));
      const forgotten = await runIn(folder, ['points', 'forget', points[0] as string]);
      expect(forgotten.exitCode).toBe(2);
    },
    afterwards: expectOldPoints,
  },
  {
    command: 'points holds',
    title: 'never hides a hold',
    words: () => ['points', 'holds'],
    reads: false,
    before: placeHold,
    succeeded: async (_, { json }) => expect(json['holds']).toMatchObject([{ asset: 'docs', active: true }]),
  },
  {
    command: 'points release',
    title: 'takes that hold away and nothing else',
    words: () => ['points', 'release', held],
    reads: false,
    before: placeHold,
    again: 'after a failure',
    succeeded: async (folder) => {
      const { exitCode, json } = await runIn(folder, ['points', 'holds']);
      expect([exitCode, json['holds']]).toEqual([0, []]);
    },
    afterwards: expectOldPoints,
  },
  {
    command: 'check',
    title: 'against the world is green only when it has read the points',
    words: () => ['check', '--live'],
    reads: true,
    succeeded: async (_, { json }) => {
      const codes = (json['findings'] as { code: string }[]).map(({ code }) => code);
      // That they were never verified it knows from the points themselves.
      expect([json['ok'], codes.filter((code) => code.startsWith('live.'))]).toEqual([true, ['live.verify_overdue']]);
    },
  },
  {
    command: 'verify',
    title: 'is green only about every point',
    words: () => ['verify'],
    reads: true,
    succeeded: expectAllChecked,
  },
  {
    command: 'verify',
    title: 'of everything is green only about every point',
    words: () => ['verify', '--all'],
    reads: true,
    succeeded: expectAllChecked,
  },
  {
    command: 'verify',
    title: 'in parts is green only about what it read',
    words: () => ['verify', '--budget', '100%'],
    reads: true,
    succeeded: expectAllChecked,
  },
  {
    command: 'restore',
    title: 'hands over the newest point whole, or nothing',
    words: () => ['restore', 'docs', '--to', './out'],
    reads: true,
    succeeded: (folder) => expectCopy(join(folder, 'out'), folder, 'second'),
    failed: async (folder) => expect(await remainsOf(folder)).toEqual([]),
  },
  {
    command: 'restore',
    title: 'tried dry chooses the newest point, and changes nothing',
    words: () => ['restore', 'docs', '--to', './out', '--dry-run'],
    reads: true,
    succeeded: async (folder, { json }, { points }) => {
      expect(json['point']).toBe(points[1]);
      expect(await remainsOf(folder)).toEqual([]);
    },
    failed: async (folder) => expect(await remainsOf(folder)).toEqual([]),
  },
  {
    command: 'recover',
    title: 'brings back the newest point whole, or says that it did not',
    words: () => ['recover', 'lost', '--in', 'workshop'],
    reads: true,
    succeeded: (folder, { json }) => expectRecovered(folder, String(json['run'])),
    failed: expectNoHalfRecovery,
  },
  {
    command: 'recover',
    title: 'tried dry executes nothing',
    words: () => ['recover', 'lost', '--in', 'workshop', '--dry-run'],
    reads: true,
    succeeded: expectNoHalfRecovery,
    failed: expectNoHalfRecovery,
  },
  {
    command: 'run resume',
    title: 'brings back the newest point whole, or says that it did not',
    words: ({ run }) => ['run', 'resume', run],
    reads: true,
    succeeded: (folder, _, { run }) => expectRecovered(folder, run),
    failed: expectNoHalfRecovery,
    again: 'after a failure',
  },
  {
    command: 'store replicate',
    title: 'shows in the copy only points that come back from it',
    words: () => ['store', 'replicate', 'near', 'copy'],
    reads: false,
    before: addCopy,
    succeeded: async (folder, _, { points }) => expectCopied(folder, points),
    failed: (folder) => expectCopied(folder),
    afterwards: expectOldPoints,
  },
  {
    command: 'store prune',
    title: 'takes nothing that a point needs',
    words: () => ['store', 'prune'],
    reads: false,
    before: forgetOldest,
    succeeded: expectPruned,
    afterwards: async (folder, ground) => {
      expect((await runIn(folder, ['store', 'prune'])).exitCode).toBe(0);
      await expectPruned(folder, { exitCode: 0, json: {} }, ground);
    },
  },
  {
    command: 'store prune',
    title: 'tried dry says what would go, and changes nothing',
    words: () => ['store', 'prune', '--dry-run'],
    reads: true,
    succeeded: async (_, { json }) => {
      expect(json['stores']).toMatchObject([{ points: 2, unneeded: { packs: 0 }, deleted: { packs: 0 } }]);
    },
  },
  {
    command: 'drill',
    title: 'passes only with the newest point restored, and leaves no bubble',
    words: () => ['drill', 'rehearsal'],
    reads: true,
    succeeded: async (_, { json }, { points }) => {
      expect(json['verdict']).toBe('pass');
      expect((json['assets'] as { point: { id: string } }[]).map(({ point }) => point.id)).toEqual([points[1]]);
      await expectNoBubble();
    },
    failed: expectNoBubble,
  },
  {
    command: 'keys list',
    title: 'shows the key, or fails',
    words: () => ['keys', 'list'],
    reads: true,
    succeeded: async (_, { json }) => {
      expect((json['stores'] as { keys: unknown[] }[]).map(({ keys }) => keys.length)).toEqual([1]);
    },
  },
  {
    command: 'keys test',
    title: 'is green only when the key opened real content',
    words: () => ['keys', 'test'],
    reads: true,
    succeeded: async (_, { json }, { points }) => {
      expect(json['stores']).toMatchObject([{ ok: true, point: points[1], canaries: [1] }]);
    },
  },
  {
    command: 'keys add',
    title: 'locks nobody out, and what it says was added opens',
    words: () => ['keys', 'add', '--passphrase-file', './lifeboat.yaml'],
    reads: false,
    succeeded: async (folder) => {
      const listed = await runIn(folder, ['keys', 'list', '--key', './lifeboat.yaml']);
      expect((listed.json['stores'] as { keys: unknown[] }[])[0]?.keys.length).toBeGreaterThan(1);
    },
    again: 'after a failure',
    afterwards: expectOldPoints,
  },
  {
    command: 'keys rotate',
    title: 'locks nobody out, and loses no point',
    words: () => ['keys', 'rotate'],
    reads: false,
    succeeded: expectWorkingStore,
    again: 'after a failure',
    afterwards: expectOldPoints,
  },
];

/** Commands that open no store, with the reason; the sweep looks whether that is so. */
export const storelessCommands: Readonly<Record<string, (ground: Ground) => readonly string[]>> = {
  runbook: () => ['runbook', '--markdown'],
  init: () => ['init', '--plan', 'another.yaml'],
  check: () => ['check'],
  runs: () => ['runs'],
  'run show': ({ run }) => ['run', 'show', run],
  'keys create': () => ['keys', 'create', '--identity', './identity'],
};

/** Commands that are not swept, with the reason. */
export const unsweptCommands: Readonly<Record<string, string>> = {
  stream: 'it never ends by itself; src/assets/postgres/stream kills it, its server and its stores',
  'store probe': 'it says what a store does, wrong or right; its faults are made by servers in src/stores/s3',
  'store thaw':
    'it asks a server for copies and changes none; no folder freezes, src/stores/s3 asks a server that does',
  kit: 'it asks stores where they are and reads nothing in them; test/kit.test.ts makes and breaks kits',
  'keys remove':
    'rotations take keys out in the same way, and are killed at every call in src/repository/keys/rotate-keys.suite.ts',
  'keys share': 'it adds a key as `keys add` does, which is swept; its sheets are tried in test/keys.test.ts',
  'keys combine': 'it opens the stores as `keys list` does, which is swept',
  demo: 'it makes a store of its own, and backs up and recovers by the very operations that are swept',
};

/** The hold that a sweep placed last. */
let held = '';

async function placeHold(folder: string): Promise<void> {
  const { json } = await runIn(folder, ['points', 'hold', '--asset', 'docs', '--reason', 'a test']);
  held = (json['hold'] as { id: string }).id;
}

/** The repository of the template is gone, and the next is opened by an identity: a passphrase would be derived again and again. */
async function forgetStore(folder: string): Promise<void> {
  await rm(join(folder, 'store'), { recursive: true });
  const { json } = await runIn(folder, ['keys', 'create', '--identity', './identity']);
  const file = join(folder, 'lifeboat.yaml');
  const plan = await readFile(file, 'utf8');
  const key = `main: { recipients: [${json['recipient']}], identity: { file: ./identity }`;
  await writeFile(file, plan.replace('main: { passphrase: { env: LB_TEST_PASS }', key));
}

async function addCopy(folder: string): Promise<void> {
  const file = join(folder, 'lifeboat.yaml');
  const plan = await readFile(file, 'utf8');
  const store = 'near: { type: fs, path: ./store, domain: safe }';
  await writeFile(file, plan.replace(store, `${store}, copy: { type: fs, path: ./copy, domain: here }`));
  await mkdir(join(folder, 'copy'));
}

/** Every point that stands in the copy comes back from it alone; all of these stand there. */
async function expectCopied(folder: string, all: readonly string[] = []): Promise<void> {
  const standing = existsSync(join(folder, 'copy', 'points')) ? await readdir(join(folder, 'copy', 'points')) : [];
  expect(standing).toEqual(expect.arrayContaining([...all]));
  for (const point of standing) {
    const target = join(folder, `copied-${point}`);
    const words = ['restore', 'docs', '--store', 'copy', '--to', target, '--point', point];
    const answer = await runIn(folder, words);
    expect(answer.exitCode, JSON.stringify(answer.json)).toBe(0);
    await rm(target, { recursive: true });
  }
}

async function expectWorkingStore(folder: string): Promise<void> {
  const backup = await runIn(folder, ['backup']);
  expect(backup.exitCode, JSON.stringify(backup.json)).toBe(0);
  const verified = await runIn(folder, ['verify', '--all']);
  expect(verified.exitCode, JSON.stringify(verified.json)).toBe(0);
  await expectRestores(folder, idOf(backup), 'third');
}

export async function expectRestores(folder: string, point: string, words: string): Promise<void> {
  const target = join(folder, `restored-${point}`);
  const answer = await runIn(folder, ['restore', 'docs', '--to', target, '--point', point]);
  expect(answer.exitCode, JSON.stringify(answer.json)).toBe(0);
  await expectCopy(target, folder, words);
  await rm(target, { recursive: true });
}

async function expectCopy(target: string, folder: string, words: string): Promise<void> {
  expect(await readFile(join(target, 'deep', 'small.txt'), 'utf8')).toBe(words);
  expect((await readFile(join(target, 'changing.bin'))).length).toBe(200_000);
  expect(await readFile(join(target, 'steady.bin'))).toEqual(await readFile(join(folder, 'docs', 'steady.bin')));
}

async function expectAllChecked(_folder: string, { json }: Answer, { points }: Ground): Promise<void> {
  expect(json).toMatchObject({ checked: { near: { points: points.length } }, damage: [], failures: [] });
}

/** What was safe before restores, every listed point is sound, and what a lying store cut is an object that no point rests on. */
async function expectOldPoints(folder: string, ground: Ground): Promise<void> {
  const { json } = await runIn(folder, ['verify', '--all']);
  expect((json['damage'] as { points: string[] }[]).flatMap(({ points }) => points)).toEqual([]);
  expect(json['failures']).toEqual([]);
  for (const [at, words] of ['first', 'second'].entries()) {
    await expectRestores(folder, ground.points[at] as string, words);
  }
}

/** What a restore to `out` left, visible or not. */
const remainsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name === 'out' || name.includes('.lifeboat-') || name.includes('unproven'));

const recoveredFolder = (folder: string): string => join(folder, '.lifeboat', 'recovered');

async function expectRecovered(folder: string, run: string): Promise<void> {
  await expectCopy(join(recoveredFolder(folder), run, 'docs'), folder, 'second');
}

/** Each recovered copy is whole or not there, and no staging is left beside it. */
async function expectNoHalfRecovery(folder: string): Promise<void> {
  const recovered = recoveredFolder(folder);
  if (!existsSync(recovered)) return;
  for (const run of await readdir(recovered)) expect(await readdir(join(recovered, run))).toEqual([]);
}

async function expectNoBubble(): Promise<void> {
  expect(await readdir(process.env['TMPDIR'] as string)).toEqual([]);
}

async function forgetOldest(folder: string): Promise<void> {
  const { json } = await runIn(folder, ['points']);
  const [oldest] = json['points'] as { id: string }[];
  expect((await runIn(folder, ['points', 'forget', oldest?.id as string])).exitCode).toBe(0);
}

async function expectPruned(folder: string, _: Answer, { points }: Ground): Promise<void> {
  const { exitCode, json } = await runIn(folder, ['points']);
  expect(exitCode).toBe(0);
  expect((json['points'] as { id: string }[]).map(({ id }) => id)).toEqual([points[1]]);
  const verified = await runIn(folder, ['verify', '--all']);
  expect([verified.exitCode, verified.json['damage']]).toEqual([0, []]);
  await expectRestores(folder, points[1] as string, 'second');
}
