import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../app/index.ts';
import { limits, silentProgress, systemClock, timeId } from '../core/index.ts';
import { Answers } from './answers.ts';
import { ServedApi } from './testing/served-api.ts';

let served: ServedApi;
let asViewer: Record<string, string>;
beforeAll(async () => {
  served = await ServedApi.start();
  asViewer = { authorization: `Bearer ${served.token('viewer')}` };
});
afterAll(() => served.remove());

const tagOf = async (path: string, headers = asViewer): Promise<string> =>
  String((await served.get(path, headers)).headers['etag']);

describe('an answer that is asked for again', () => {
  it.each(['/readiness', '/points', '/points/reach', '/stores', '/plan', '/runs', '/drills'])(
    '%s: that it still holds is told without sending it',
    async (path) => {
      const first = await served.get(path, asViewer);
      // One that is being renewed has another tag a moment later.
      await expect
        .poll(
          async () => {
            const tag = await tagOf(path);
            return (await served.get(path, { ...asViewer, 'if-none-match': tag })).status;
          },
          { timeout: 30_000 },
        )
        .toBe(304);
      expect(first.status).toBe(200);
      expect(first.headers['cache-control']).toBe('no-store');
    },
  );

  it('is sent anew when something has happened that it tells of', async () => {
    const tag = await tagOf('/runs');
    const workspace = await openWorkspace({
      planFile: join(served.folder, 'lifeboat.yaml'),
      stateFolder: served.state,
      progress: silentProgress,
    });
    workspace.journal.append('note', {});
    expect((await served.get('/runs', { ...asViewer, 'if-none-match': tag })).status).toBe(304);
    workspace.journal.append('run.unexercised', { text: 'of nothing' }, { run: timeId(systemClock.now()) });
    await workspace.close();
    expect((await served.get('/runs', { ...asViewer, 'if-none-match': tag })).status).toBe(200);
  });

  it('is not held for that of somebody else, of another question, or of a server before', async () => {
    const tag = await tagOf('/runs');
    const other = { authorization: `Bearer ${served.token('admin')}`, 'if-none-match': tag };
    expect((await served.get('/runs', other)).status).toBe(200);
    expect((await served.get('/runs?limit=7', { ...asViewer, 'if-none-match': tag })).status).toBe(200);
    expect(new Answers().tagOf('same')).not.toBe(new Answers().tagOf('same'));
  });

  it('is told to nobody who may not ask', async () => {
    const tag = await tagOf('/readiness');
    expect((await served.get('/readiness', { 'if-none-match': tag })).status).toBe(401);
  });

  it('is the very same to a program that asked before', async () => {
    const client = served.client('viewer');
    const first = await client.runs.list();
    expect(await client.runs.list()).toBe(first);
  });
});

it('what is kept of answers is bounded, and what was asked for last stays', () => {
  const answers = new Answers();
  const long = 'x'.repeat(limits.answerKeptCharactersMax);
  const many = limits.answersKeptCharacters / long.length;
  for (let at = 0; at < many; at += 1) answers.keep(`${at}`, long);
  expect(answers.find('0')).toBe(long);
  answers.keep('more', long);
  expect([answers.find('1'), answers.find('0'), answers.find('more')]).toEqual([undefined, long, long]);
  answers.keep('too long', `${long}x`);
  expect(answers.find('too long')).toBeUndefined();
});
