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
  const victims = commands.map((words) => ({ words, tookMs: Infinity, killed: 0, finished: 0 }));
  for (const victim of victims) {
    await runAndKill(victim, false);
    await expectWholeTarget();
  }
  const killed = (): number => victims.reduce((total, victim) => total + victim.killed, 0);
  for (let round = 0; killed() < kills && round < 4 * kills; round += 1) {
    await change(round % 40);
    await runAndKill(victims[round % victims.length] as Victim, true);
    await expectWholeTarget();
    if (round % 10 === 9) expect((await place.run('verify', '--all')).exitCode).toBe(0);
  }
  expect((await place.run('backup')).exitCode).toBe(0);
  expect((await place.run('restore', 'docs', '--to', './out')).exitCode).toBe(0);
  await expectWholeTarget();
  expect((await readdir(place.folder)).filter((name) => name.includes('.lifeboat-'))).toEqual([]);
  const hits = victims.map(({ words, killed: hit, finished }) => `${words[0]} ${hit} (${finished} ended before)`);
  console.log(`${killed()} kills hit a running command: ${hits.join(', ')}; 0 points lost, 0 damaged, 0 half-visible`);
  expect(killed()).toBe(kills);
}, 1_800_000);

interface Victim {
  readonly words: readonly string[];
  tookMs: number;
  killed: number;
  finished: number;
}

async function runAndKill(victim: Victim, isKilled: boolean): Promise<void> {
  const startedMs = performance.now();
  const child = place.start([...victim.words, '--quiet'], passphrase);
  const ended = once(child, 'exit');
  if (isKilled) {
    // The first tenth of a run is Node starting: kills are spread over the rest, and a little beyond the end.
    await sleep(victim.tookMs * (0.1 + Math.random()));
    child.kill('SIGKILL');
  }
  await ended;
  if (child.signalCode === 'SIGKILL') victim.killed += 1;
  else {
    if (isKilled) victim.finished += 1;
    // The machine is less busy than when it was timed last.
    victim.tookMs = Math.min(victim.tookMs, performance.now() - startedMs);
  }
}

/** A target that is there is there whole: every file, in the size that some backup saw. */
async function expectWholeTarget(): Promise<void> {
  if (!existsSync(place.path('out'))) return;
  const names = await readdir(place.path('out'));
  expect(names.toSorted()).toEqual((await readdir(place.path('docs'))).toSorted());
  for (const name of names) expect((await readFile(place.path('out', name))).subarray(0, 6).toString()).toBe('whole:');
  await rm(place.path('out'), { recursive: true });
}

async function change(file: number): Promise<void> {
  const bytes = Buffer.concat([Buffer.from('whole:'), randomBytes(20_000 + file * 3_000)]);
  await writeFile(place.path('docs', `${file}.bin`), bytes);
}
