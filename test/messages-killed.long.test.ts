import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../src/communications/testing/receiver.ts';
import { Place } from './support/lifeboat.ts';

const kills = 30;
const plan = `
lifeboat: 1
plan: told
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: here } }
environments: { here: {} }
channels: { ops: { type: webhook, url: { env: LB_TEST_HOOK } }, desk: { type: console } }
scenarios:
  lost:
    steps:
      - { id: first, notify: { channel: ops, text: It is down. } }
      - { id: aside, notify: { channel: desk, text: For those who sit here. } }
      - { id: last, notify: { channel: ops, text: It is back. } }
`;

let place: Place;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  Object.assign(process.env, { LB_TEST_PASS: 'a passphrase for tests', LB_TEST_HOOK: receiver.url });
  place = await Place.make(plan);
  await place.run('store', 'init');
});
afterAll(async () => {
  await receiver.close();
  await place.remove();
});

it(`${kills} kills -9 while people are told: each message is there, with one key, and on the console at most once`, async () => {
  let hits = 0;
  let begun = 0;
  for (let round = 0; hits < kills && round < 4 * kills; round += 1) {
    const from = receiver.posted.length;
    const { killed, stderr } = await killedInTheMiddle();
    if (!killed) continue;
    hits += 1;
    const { runs } = (await place.run('runs')).json as { runs: { run: string; verdict: string }[] };
    const newest = runs.find(({ verdict }) => verdict !== 'done');
    if (newest === undefined) continue;
    begun += 1;
    const resumed = await place.run('run', 'resume', newest.run);
    expect(resumed, resumed.stderr).toMatchObject({ exitCode: 0 });
    expect(`${stderr}${resumed.stderr}`.split('For those who sit here.').length - 1).toBeLessThanOrEqual(1);
    const posted = receiver.posted.slice(from).map(({ body }) => JSON.parse(body) as { key: string; body: string });
    const mine = posted.filter(({ key }) => key.startsWith(newest.run));
    const said = new Map(mine.map(({ key, body }) => [key, body]));
    expect(said).toEqual(
      new Map([
        [`${newest.run}/first`, 'It is down.'],
        [`${newest.run}/last`, 'It is back.'],
      ]),
    );
  }
  console.log(
    `${hits} kills hit, ${begun} of them in the middle of a run; ${receiver.posted.length} messages came, none of them unknown`,
  );
  expect(begun).toBeGreaterThan(kills / 4);
}, 900_000);

/** Killed a moment after one of the lines that it says; `killed`: it was still at it. */
async function killedInTheMiddle(): Promise<{ killed: boolean; stderr: string }> {
  const child = place.start(['recover', 'lost']);
  const ended = once(child, 'close');
  let linesLeft = 1 + Math.floor(5 * Math.random());
  const momentMs = 60 * Math.random();
  child.stdout?.resume();
  let stderr = '';
  child.stderr?.on('data', (piece: Buffer) => {
    stderr += piece.toString();
    linesLeft -= 1;
    if (linesLeft === 0) void sleep(momentMs).then(() => child.kill('SIGKILL'));
  });
  const [code] = (await ended) as [number | null];
  return { killed: code === null, stderr };
}
