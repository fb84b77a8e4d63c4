import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Place } from './support/lifeboat.ts';

const kills = 50;
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
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  place = await Place.make(plan);
  await mkdir(place.path('docs'));
  await place.run('store', 'init');
});

afterAll(() => place.remove());

it(`${kills} kills -9 at random instants over backup: every listed point verifies, the next backup works`, async () => {
  let durationMs = await untouchedBackupMs();
  const seen = { killed: 0, finished: 0 };
  while (seen.killed < kills && seen.finished < 4 * kills) {
    await change(seen.killed);
    const startedMs = performance.now();
    const child = place.start(['backup', '--quiet'], { LB_TEST_PASS: 'a passphrase for tests' });
    const ended = once(child, 'exit').then(() => performance.now() - startedMs);
    // The first tenth of a run is Node starting: kills are spread over the rest, and a little beyond the end.
    await sleep(durationMs * (0.1 + Math.random()));
    child.kill('SIGKILL');
    const tookMs = await ended;
    if (child.signalCode === 'SIGKILL') seen.killed += 1;
    else {
      seen.finished += 1;
      // The machine is less busy than when the first run was timed.
      durationMs = Math.min(durationMs, tookMs);
    }
    if ((seen.killed + seen.finished) % 5 === 4) await expectSound();
  }
  await expectSound();
  const next = await place.run('backup');
  expect(next.exitCode, next.stdout + next.stderr).toBe(0);
  await expectSound();
  const restored = await place.run('restore', 'docs', '--to', './out');
  expect(restored.exitCode, restored.stdout).toBe(0);
  console.log(
    `${seen.killed} kills hit a running backup, ${seen.finished} came after its end; 0 points lost, 0 damaged`,
  );
  expect(seen.killed).toBe(kills);
}, 240_000);

async function expectSound(): Promise<void> {
  const verified = await place.run('verify', '--all');
  expect(verified.exitCode, verified.stdout).toBe(0);
  expect((await place.run('points')).exitCode).toBe(0);
}

/** New bytes each time, so that a backup has packs, an index and a point to write. */
async function change(round: number): Promise<void> {
  await writeFile(place.path('docs', `${round % 7}.bin`), randomBytes(400_000 + round * 1000));
}

async function untouchedBackupMs(): Promise<number> {
  await change(0);
  const startedMs = performance.now();
  await once(place.start(['backup', '--quiet'], { LB_TEST_PASS: 'a passphrase for tests' }), 'exit');
  return performance.now() - startedMs;
}
