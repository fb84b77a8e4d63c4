import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { idOf, runIn, type Answer, type Ground } from './ground.ts';

/** The repository of the template is gone, and the next is opened by an identity: a passphrase would be derived again and again. */
export async function forgetStore(folder: string): Promise<void> {
  await rm(join(folder, 'store'), { recursive: true });
  const { json } = await runIn(folder, ['keys', 'create', '--identity', './identity']);
  const file = join(folder, 'lifeboat.yaml');
  const plan = await readFile(file, 'utf8');
  const key = `main: { recipients: [${json['recipient']}], identity: { file: ./identity }`;
  await writeFile(file, plan.replace('main: { passphrase: { env: LB_TEST_PASS }', key));
}

export async function addCopy(folder: string): Promise<void> {
  const file = join(folder, 'lifeboat.yaml');
  const plan = await readFile(file, 'utf8');
  await writeFile(file, plan.replace('{ near:', '{ copy: { type: fs, path: ./copy, domain: here }, near:'));
  await mkdir(join(folder, 'copy'));
}

/** Every point that stands in the copy comes back from it alone; all of these stand there. */
export async function expectCopied(folder: string, all: readonly string[] = []): Promise<void> {
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

export async function expectWorkingStore(folder: string): Promise<void> {
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

export async function expectCopy(target: string, folder: string, words: string): Promise<void> {
  expect(await readFile(join(target, 'deep', 'small.txt'), 'utf8')).toBe(words);
  expect((await readFile(join(target, 'changing.bin'))).length).toBe(200_000);
  expect(await readFile(join(target, 'steady.bin'))).toEqual(await readFile(join(folder, 'docs', 'steady.bin')));
}

export async function expectAllChecked(_folder: string, { json }: Answer, { points }: Ground): Promise<void> {
  expect(json).toMatchObject({ checked: { near: { points: points.length } }, damage: [], failures: [] });
}

/** What was safe before restores, every listed point is sound, and what a lying store cut is an object that no point rests on. */
export async function expectOldPoints(folder: string, ground: Ground): Promise<void> {
  const { json } = await runIn(folder, ['verify', '--all']);
  expect((json['damage'] as { points: string[] }[]).flatMap(({ points }) => points)).toEqual([]);
  expect(json['failures']).toEqual([]);
  for (const [at, words] of ['first', 'second'].entries()) {
    await expectRestores(folder, ground.points[at] as string, words);
  }
}

/** What a restore to `out` left, visible or not. */
export const remainsOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name === 'out' || name.includes('.lifeboat-') || name.includes('unproven'));

const recoveredFolder = (folder: string): string => join(folder, '.lifeboat', 'recovered');

export async function expectRecovered(folder: string, run: string): Promise<void> {
  await expectCopy(join(recoveredFolder(folder), run, 'docs'), folder, 'second');
}

/** Each recovered copy is whole or not there, and no staging is left beside it. */
export async function expectNoHalfRecovery(folder: string): Promise<void> {
  const recovered = recoveredFolder(folder);
  if (!existsSync(recovered)) return;
  for (const run of await readdir(recovered)) expect(await readdir(join(recovered, run))).toEqual([]);
}

export async function expectNoBubble(): Promise<void> {
  expect(await readdir(process.env['TMPDIR'] as string)).toEqual([]);
}

export async function forgetOldest(folder: string): Promise<void> {
  const { json } = await runIn(folder, ['points']);
  const [oldest] = json['points'] as { id: string }[];
  expect((await runIn(folder, ['points', 'forget', oldest?.id as string])).exitCode).toBe(0);
}

export async function expectPruned(folder: string, _: Answer, { points }: Ground): Promise<void> {
  const { exitCode, json } = await runIn(folder, ['points']);
  expect(exitCode).toBe(0);
  expect((json['points'] as { id: string }[]).map(({ id }) => id)).toEqual([points[1]]);
  const verified = await runIn(folder, ['verify', '--all']);
  expect([verified.exitCode, verified.json['damage']]).toEqual([0, []]);
  await expectRestores(folder, points[1] as string, 'second');
}
