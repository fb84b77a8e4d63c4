import { systemClock } from '../../../src/core/index.ts';
import { finding } from '../judge.ts';
import { judge, Stopwatch, type Scene } from '../scene.ts';
import { query } from '../sql.ts';

/** Does what should not have been done, and says in which transaction and between which moments of ours it was. */
async function mistake(url: string, what: string): Promise<{ transaction: string; beforeMs: number; afterMs: number }> {
  const beforeMs = systemClock.now();
  const note = 'create temporary table mistake as select pg_current_xact_id()::text as id';
  const [row] = await query(url, `begin; ${note}; ${what}; commit; select id from mistake`);
  return { transaction: String(row?.['id']), beforeMs, afterMs: systemClock.now() };
}

/** Writers of other tables go on: what they do after the mistake is what people give up with a restore of the whole. */
export const dropped: Scene = {
  name: 'drop-table',
  title: 'DROP TABLE, back to just before it',
  rpoTargetSeconds: 0,
  rtoTargetSeconds: 60,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    const { transaction, beforeMs, afterMs } = await mistake(ground.url, 'drop table prices');
    const watch = new Stopwatch(beforeMs);
    await query(ground.url, 'select count(*) from prices').catch(() => watch.done('detect')); // somebody misses it
    await ground.pause(Math.min(2, seconds));
    const all = await ground.endLoad();
    await ground.stream.untilCurrent();
    await ground.stream.stop();
    watch.done('decide');
    const restored = await ground.restore('--before', transaction);
    watch.done('execute');
    const played = await judge({ restored, all, toMs: beforeMs, notAfterMs: afterMs, watch });
    const goneOn = finding('work went on after the mistake', played.givenUp > 0, true);
    return { ...played, findings: [...played.findings, goneOn] };
  },
};

/** Only the rows come back, into the server that goes on: nobody gives anything up. */
export const deleted: Scene = {
  name: 'deleted-rows',
  title: 'DELETE of all rows, only these back while work goes on',
  rpoTargetSeconds: 0,
  rtoTargetSeconds: 60,
  play: async ({ prepare, seconds }) => {
    const ground = await prepare();
    await ground.pause(seconds);
    const { transaction, beforeMs } = await mistake(ground.url, 'delete from prices');
    const watch = new Stopwatch(beforeMs);
    watch.done('detect');
    await ground.stream.untilCurrent();
    watch.done('decide');
    const to = new URL(ground.url);
    to.password = '';
    const words = ['--before', transaction, '--to', to.href, '--existing', 'skip', '--yes'];
    await ground.mustDo('restore', 'shop', '--table', 'prices', ...words);
    watch.done('execute');
    const all = await ground.endLoad();
    // The server was never gone: what was acknowledged until now must be there.
    return judge({ restored: { url: ground.url }, all, toMs: systemClock.now(), watch });
  },
};
