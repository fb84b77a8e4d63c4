import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { noPostgres, startTestServer, type TestServer } from '../../../checks/testing/postgres.ts';
import { runSql } from '../../../testing/postgres/index.ts';
import { resumeRun, type RunResult } from '../../index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { environmentIn, stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { promoteServer, stateOfServer } from '../../hands/standby.ts';
import { startTestStandby, type TestStandby } from '../../testing/real/standby.ts';
import { promoteStep } from './index.ts';

const skipped = noPostgres === undefined ? '' : ` (${noPostgres})`;

describe.skipIf(noPostgres !== undefined)(`promote${skipped}`, () => {
  let primary: TestServer;
  let standby: TestStandby;
  let stopPrimary: () => Promise<void> = async () => {};
  let bench: Bench;
  beforeEach(async () => {
    primary = await startTestServer();
    stopPrimary = async () => {
      stopPrimary = async () => {};
      await primary.stop();
    };
    await runSql(primary.url, 'create table orders (id int)');
    standby = await startTestStandby(primary.url);
    bench = actingBench({
      servers: { orders: { url: primary.url, standbys: new Map([['beside', { url: standby.url }]]) } },
      runs: { pidFile: standby.primaryPidFile, stopSignal: 'INT' },
    });
  });
  afterEach(async () => {
    bench?.close();
    await standby?.stop();
    await stopPrimary();
  });

  const fence = (settings: unknown) => stepOf('fence', 'fence', settings);
  const promote = stepOf('act', 'promote', 'orders');
  const last = (result: RunResult) => result.steps.at(-1);

  it('split brain: refuses while the old server takes writes, and nobody is asked', async () => {
    const result = await act(bench, promote);
    expect(last(result)).toMatchObject({ state: 'failed', code: 'promote.refused' });
    expect(result.questions).toEqual([]);
    expect(await runSql(standby.url, 'select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);
  });

  it('takes over behind a read-only fence with nothing lost, and says so by the positions of both', async () => {
    await runSql(primary.url, 'insert into orders select generate_series(1, 10000)');
    const result = await act(bench, fence({ asset: 'orders', how: 'read-only' }), promote);
    expect(last(result)).toMatchObject({ state: 'done', outputs: { timeline: 2, lost: 'nothing is lost' } });
    expect(await runSql(standby.url, 'select count(*)::int as count from orders')).toEqual([{ count: 10_000 }]);
    await runSql(standby.url, 'insert into orders values (0)');
  });

  it('behind a revoke the new server is open again: the fence came over in the catalog', async () => {
    await runSql(primary.url, 'create role clerk login');
    const result = await act(bench, fence({ asset: 'orders', how: 'revoke' }), promote);
    expect(last(result)).toMatchObject({ state: 'done' });
    await runSql(standby.url.replace('//shop@', '//clerk@'), 'select 1');
    await expect(runSql(primary.url.replace('//shop@', '//clerk@'), 'select 1')).rejects.toThrow('permission denied');
  });

  it('takes over from a server that is proved to be stopped, and does not claim to know what was lost', async () => {
    const result = await act(bench, fence({ service: 'shop', asset: 'orders', how: 'stop' }), promote);
    expect(last(result)).toMatchObject({ state: 'done' });
    expect(String(last(result)?.outputs['lost'])).toContain('unknown');
  });

  it('a silent server is no fenced one: a person answers for it, by name and with a reason', async () => {
    await stopPrimary();
    const result = await act(bench, promote);
    expect(result.verdict).toBe('needs-human');
    expect(last(result)?.asks).toMatchObject({ word: 'attest', inputs: { answers_for: { type: 'text' } } });
    expect(await runSql(standby.url, 'select pg_is_in_recovery() as follows')).toEqual([{ follows: true }]);
    const words = { word: 'attest', round: 1, as: 'lead', role: undefined, user: 'lead', reason: null, option: null };
    bench.journal.append(
      'step.said',
      { step: 'act', ...words, inputs: { answers_for: 'its rack is without power' } },
      { run: result.run },
    );
    const resumed = await resumeRun({ run: result.run, environment: environmentIn(bench.folder), tools: bench.tools });
    expect(last(resumed)).toMatchObject({ state: 'done', outputs: { waivedBy: 'lead' } });
  });

  it('a fence that was lifted meanwhile counts no more', async () => {
    const lift = stepOf('lift', 'exec', [
      'psql',
      primary.url,
      '-c',
      'set default_transaction_read_only = off',
      '-c',
      'alter database postgres reset default_transaction_read_only',
    ]);
    const result = await act(bench, fence({ asset: 'orders', how: 'read-only' }), lift, promote);
    expect(last(result)).toMatchObject({
      state: 'failed',
      code: 'promote.refused',
      hint: expect.stringContaining('It was fenced'),
    });
  });

  it('killed between the promotion and the end of the fence that came over goes on with that, and promotes nothing twice', async () => {
    await runSql(primary.url, 'create role clerk login');
    const { steps } = await act(bench, fence({ asset: 'orders', how: 'revoke' }));
    await followed(primary.url, standby.url);
    const { systemId } = await stateOfServer(standby.url, new AbortController().signal);
    const hands = handsOf(bench, { given: () => new Map(steps.map(({ id, outputs }) => [id, outputs])) });
    const remembered = { timeline: 1, systemId, lost: 'nothing is lost' };
    const input = inputOf(promoteStep as never, 'orders', remembered) as never;
    await promoteServer(standby.url, hands.signal);
    expect(await promoteStep.inspect?.(input, hands)).toBe('not-done');
    expect(await promoteStep.run(input, hands)).toMatchObject({ state: 'done', outputs: { timeline: 2 } });
    await runSql(standby.url.replace('//shop@', '//clerk@'), 'select 1');
    expect(await promoteStep.inspect?.(input, hands)).toMatchObject({ state: 'done', outputs: { timeline: 2 } });
  });

  it('killed after it was promoted it is not promoted again', async () => {
    await act(bench, fence({ asset: 'orders', how: 'read-only' }), promote);
    const remembered = rememberedBy(bench, 'act');
    const result = await resumeInterrupted(bench, promote, remembered);
    expect(last(result)).toMatchObject({ state: 'done', attempts: 1, outputs: { lost: 'nothing is lost' } });
  });
});

/** Until the standby has all that its primary has written. */
async function followed(primary: string, standby: string): Promise<void> {
  const [row] = await runSql(primary, 'select pg_current_wal_lsn()::text as at');
  const is = `select pg_last_wal_replay_lsn() >= '${String(row?.['at'])}' as there`;
  while ((await runSql(standby, is))[0]?.['there'] !== true) await systemClock.sleep(20);
}
