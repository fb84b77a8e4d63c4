import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../src/core/index.ts';
import { noRestate, RestateServer } from '../src/engine/testing/restate-server.ts';
import { endOf, Place } from './support/lifeboat.ts';
import { linesIn } from '../src/testing/lines.ts';

const planOf = (engine: string, last: string): string => `
lifeboat: 1
plan: engines
domains: { safe: {}, home: {}, away: {} }
tool: { domain: home, ${engine} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { documents: { type: files, path: ./documents, domain: home } }
contacts: { lead: { role: lead }, duty: { role: on_call } }
environments: { here: { protected: true } }
scenarios:
  lost:
    steps:
      - { id: first, exec: [sh, -c, 'echo first >> ledger'] }
      - { id: consent, approve: { by: [lead] } }
      - { id: there, site: away, exec: [sh, -c, 'echo ${last} >> ledger'] }
`;

let place: Place;
beforeEach(async () => {
  place = await Place.make(planOf('', 'there'));
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  await place.run('store', 'init');
});
afterEach(() => place.remove());

const ledger = (): string[] => {
  const file = place.path('ledger');
  return linesIn(file);
};

describe.skipIf(noRestate !== undefined)(
  `recover --engine restate${noRestate === undefined ? '' : `: ${noRestate}`}`,
  () => {
    let server: RestateServer;
    const workers: ChildProcess[] = [];
    beforeEach(async () => {
      server = await RestateServer.start(place.path('restate'));
      await writeFile(place.path('lifeboat.yaml'), planOf(engine(), 'there'));
    });
    afterEach(async () => {
      for (const worker of workers) worker.kill('SIGKILL');
      await server.kill();
    });
    const engine = (): string => `engine: { type: restate, at: '${server.at}', admin: '${server.admin}', site: home }`;
    const startWorker = async (site: string, port: number, ...more: string[]): Promise<ChildProcess> => {
      const words = ['worker', '--site', site, '--listen', `127.0.0.1:${port}`, ...more];
      const worker = place.start(words, { LB_TEST_PASS: 'a passphrase for tests' });
      workers.push(worker);
      await Promise.race([
        once(worker.stdout as NodeJS.ReadableStream, 'data'),
        endOf(worker).then(({ stderr }) => Promise.reject(new Error(stderr))),
      ]);
      return worker;
    };

    const stop = async (worker: ChildProcess): Promise<unknown[]> => {
      const ended = once(worker, 'exit');
      worker.kill('SIGTERM');
      return ended;
    };

    it('has workers do the steps of their sites, outlives a killed worker, a changed plan and the engine itself, and tells all in the words of the journal', async () => {
      const port = await freePort();
      const home = await startWorker('home', port);
      const away = await startWorker('away', await freePort(), '--state', place.path('away'));
      const waiting = await place.run('recover', 'lost', '--engine', 'restate', '--as', 'duty', '--yes');
      expect([waiting.exitCode, waiting.json['verdict'], ledger()]).toEqual([3, 'needs-human', ['first']]);
      const run = String(waiting.json['run']);

      const killed = once(home, 'exit');
      home.kill('SIGKILL');
      await killed;
      await writeFile(place.path('lifeboat.yaml'), planOf(engine(), 'changed'));
      const again = await startWorker('home', port);

      expect((await place.run('run', 'approve', run, '--as', 'lead')).exitCode).toBe(0);
      const done = await place.run('run', 'resume', run);
      expect([done.exitCode, done.json['verdict'], ledger()]).toEqual([0, 'done', ['first', 'there']]);
      const shown = (await place.run('run', 'show', run)).json['run'] as Record<string, unknown>;
      expect(shown).toMatchObject({ verdict: 'done', engine: { name: 'restate', site: 'home', at: server.at } });
      expect(shown['steps']).toEqual(done.json['steps']);
      expect(((await place.run('runs')).json['runs'] as { run: string }[]).map((one) => one.run)).toEqual([run]);

      const recover = ['recover', 'lost', '--engine', 'restate', '--as', 'duty', '--yes'];
      const stale = await place.run(...recover);
      expect([stale.exitCode, stale.stdout]).toEqual([2, expect.stringContaining('another version of the plan')]);
      expect(await stop(away)).toEqual([0, null]);
      const fresh = await startWorker('away', await freePort(), '--state', place.path('away'));
      const unwanted = String((await place.run(...recover)).json['run']);
      expect((await place.run('run', 'cancel', unwanted)).json).toMatchObject({ run: unwanted, state: 'cancelled' });

      const orphaned = String((await place.run(...recover)).json['run']);
      await server.kill();
      expect((await place.run('run', 'approve', orphaned, '--as', 'lead')).exitCode).toBe(0);
      expect((await place.run('run', 'resume', orphaned)).exitCode).toBe(4);
      expect((await place.run('run', 'resume', orphaned, '--here')).exitCode).toBe(0);
      expect(ledger()).toEqual(['first', 'there', 'first', 'first', 'changed']);
      for (const worker of [again, fresh]) expect(await stop(worker)).toEqual([0, null]);
    }, 240_000);

    it('begins nothing when no worker of the site was ever there, and says so', async () => {
      const answer = await place.run('recover', 'lost', '--engine', 'restate', '--as', 'duty', '--yes');
      expect([answer.exitCode, answer.stdout]).toEqual([4, expect.stringContaining('lifeboat worker --site')]);
    });
  },
);

describe('the words', () => {
  const refusal = async (...words: string[]): Promise<[number, string]> => {
    const { exitCode, stdout } = await place.run(...words);
    return [exitCode, stdout];
  };

  it('ask for an engine that the plan names', async () => {
    const expected = [2, expect.stringContaining('tool: { engine:')];
    expect(await refusal('recover', 'lost', '--engine', 'restate', '--as', 'duty', '--yes')).toEqual(expected);
    expect(await refusal('worker', '--site', 'home')).toEqual(expected);
  });

  it('refuse a site that is no domain, a place that is none, and a door that stands open', async () => {
    const engine = 'engine: { type: restate, at: http://127.0.0.1:1, admin: http://127.0.0.1:1, site: home }';
    await writeFile(place.path('lifeboat.yaml'), planOf(engine, 'there'));
    expect(await refusal('worker', '--site', 'nowhere')).toEqual([2, expect.stringContaining('no domain nowhere')]);
    expect(await refusal('worker', '--site', 'home', '--listen', 'here')).toEqual([
      2,
      expect.stringContaining('no place'),
    ]);
    expect(await refusal('worker', '--site', 'home', '--listen', '0.0.0.0:0')).toEqual([
      2,
      expect.stringContaining('signedBy'),
    ]);
    expect(await refusal('worker', '--site', 'home', '--listen', '127.0.0.1:0')).toEqual([
      4,
      expect.stringContaining('does not answer'),
    ]);
  });

  it('say what is wrong with an engine in the plan', async () => {
    const engine = 'engine: { type: restate, at: localhost, admin: http://127.0.0.1:1, site: nowhere }';
    await writeFile(place.path('lifeboat.yaml'), planOf(engine, 'there'));
    const { json } = await place.run('check');
    const findings = (json['findings'] as { path: string; severity: string }[]).filter(
      ({ severity }) => severity === 'error',
    );
    expect(findings.map(({ path }) => path).sort()).toEqual(['tool.engine.at', 'tool.engine.site']);
  });
});
