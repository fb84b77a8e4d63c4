import { join } from 'node:path';
import { expect } from 'vitest';
import {
  addCopy,
  expectAllChecked,
  expectCopied,
  expectCopy,
  expectNoBubble,
  expectNoHalfRecovery,
  expectOldPoints,
  expectPruned,
  expectRecovered,
  expectRestores,
  expectWorkingStore,
  forgetOldest,
  forgetStore,
  remainsOf,
} from './expected.ts';
import { idOf, runIn } from './ground.ts';
import type { SweptCommand } from './swept-command.ts';

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
    command: 'status',
    title: 'is green only when it has seen every point',
    words: () => ['status'],
    reads: true,
    before: async (folder) => void (await runIn(folder, ['drill', 'rehearsal'])),
    succeeded: async (_, { json }) => {
      expect(json['assets']).toMatchObject([{ asset: 'docs', stores: [{ answered: true, points: 2 }] }]);
      expect(json['scenarios']).toMatchObject([{ scenario: 'lost', level: 'rehearsed' }]);
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
    command: 'store rebuild',
    title: 'brings back the whole journal, or says that it did not',
    words: () => ['store', 'rebuild', '--state', './another'],
    reads: false,
    succeeded: async (folder) => {
      const { json } = await runIn(folder, ['points', '--state', './another']);
      const known = (json['points'] as { since: Record<string, string> }[]).map(({ since }) => Object.keys(since));
      expect(known).toEqual([['near'], ['near']]);
    },
    afterwards: expectOldPoints,
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

/** The hold that a sweep placed last. */
let held = '';

async function placeHold(folder: string): Promise<void> {
  const { json } = await runIn(folder, ['points', 'hold', '--asset', 'docs', '--reason', 'a test']);
  held = (json['hold'] as { id: string }).id;
}
