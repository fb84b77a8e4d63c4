import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Place } from './support/lifeboat.ts';

const kills = 200;
const passphrase = { LB_TEST_PASS: 'a passphrase for tests' };
const plan = `
lifeboat: 1
plan: killed
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;

let place: Place;

beforeAll(async () => {
  Object.assign(process.env, passphrase);
  place = await Place.make(plan);
  await mkdir(place.path('docs'));
  for (let file = 0; file < 40; file += 1) await change(file);
  await place.run('store', 'init');
  await place.run('backup');
});

afterAll(() => place.remove());

it(`${kills} kills -9 at random instants over backup, restore and verify lose nothing and leave nothing half-visible`, async () => {
  const commands = [['backup'], ['restore', 'docs', '--to', './out'], ['verify', '--all']];
  const counts = { killed: 0, finished: 0 };
  for (let kill = 0; kill < kills; kill += 1) {
    await change(kill % 40);
    const words = commands[kill % commands.length] as string[];
    counts[(await runAndKill(words)) ? 'killed' : 'finished'] += 1;
    if (existsSync(place.path('out'))) await expectWholeTarget();
    if (kill % 10 === 9) expect((await place.run('verify', '--all')).exitCode).toBe(0);
  }
  expect((await place.run('backup')).exitCode).toBe(0);
  expect((await place.run('restore', 'docs', '--to', './out')).exitCode).toBe(0);
  await expectWholeTarget();
  expect((await readdir(place.folder)).filter((name) => name.includes('.lifeboat-'))).toEqual([]);
  console.log(
    `${kills} kills over backup, restore, verify: ${counts.killed} hit, ${counts.finished} came after the end; 0 lost`,
  );
  expect(counts.killed).toBeGreaterThan(kills / 4);
}, 900_000);

async function runAndKill(words: readonly string[]): Promise<boolean> {
  const child = place.start([...words, '--quiet'], passphrase);
  const ended = once(child, 'exit');
  await sleep(30 + Math.random() * 500);
  child.kill('SIGKILL');
  await ended;
  return child.signalCode === 'SIGKILL';
}

/** A target that is there is there whole: every file, in the size that some backup saw. */
async function expectWholeTarget(): Promise<void> {
  const names = await readdir(place.path('out'));
  expect(names.toSorted()).toEqual((await readdir(place.path('docs'))).toSorted());
  for (const name of names) expect((await readFile(place.path('out', name))).subarray(0, 6).toString()).toBe('whole:');
  await rm(place.path('out'), { recursive: true });
}

async function change(file: number): Promise<void> {
  const bytes = Buffer.concat([Buffer.from('whole:'), randomBytes(20_000 + file * 3_000)]);
  await writeFile(place.path('docs', `${file}.bin`), bytes);
}
