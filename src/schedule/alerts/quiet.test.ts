import { afterEach, describe, expect, it } from 'vitest';
import { noPrometheus } from '../../testing/prometheus/index.ts';
import { planOf } from '../testing/plan.ts';
import { everyCalendar } from '../testing/simulated/plans.ts';
import { SimulatedServe } from '../testing/simulated/serve.ts';

const why = noPrometheus === undefined ? '' : ` (${noPrometheus})`;

let simulated: SimulatedServe | undefined;
afterEach(() => simulated?.remove());

/** Since the day before, so that what is about a first day has passed. */
async function served(startText: string): Promise<SimulatedServe> {
  simulated = new SimulatedServe(await planOf(everyCalendar), Date.parse(startText));
  simulated.start();
  simulated.testKeys();
  return simulated;
}

describe.skipIf(noPrometheus !== undefined)(`alarms in simulated time, judged minute by minute${why}`, () => {
  it('none rings on days on which all goes well, also when Europe sets its clocks back', async () => {
    const calm = await served('2024-10-26T06:00:00Z');
    await calm.hours(27);
    expect(await calm.rang()).toEqual([]);
  }, 300_000);

  it('none rings for a try that fails and is repeated, for an upgrade, or for a kill -9 that somebody makes good soon', async () => {
    const calm = await served('2024-10-26T20:00:00Z');
    const failedAt = new Map<string, number>();
    calm.world.fault = ({ id }, tries) => {
      // What was tried again does not fail at once again: that would be another story.
      if (tries % 3 !== 0 || calm.clock.now() - (failedAt.get(id) ?? 0) < 1_800_000) return undefined;
      failedAt.set(id, calm.clock.now());
      return 'fails';
    };
    await calm.hours(3);
    await calm.stop();
    await calm.minutes(2);
    calm.start();
    await calm.hours(3);
    calm.kill();
    await calm.minutes(4);
    calm.start();
    await calm.hours(4);
    expect(failedAt.size).toBeGreaterThan(8);
    expect(await calm.rang()).toEqual([]);
  }, 300_000);

  it('those of a machine that sleeps for a night ring while it sleeps; then what it missed is told for an hour, and is made up for without an alarm', async () => {
    const calm = await served('2024-10-25T20:00:00Z');
    await calm.hours(2);
    calm.sleep(8 * 60);
    await calm.hours(3);
    const [asleep, awake] = [120, 600];
    const rang = (await calm.rang()).map(({ alert, of, fromMinute, toMinute }) => [
      `${alert} ${of}`.trim(),
      fromMinute,
      toMinute,
    ]);
    const policies = ['streamed', 'often', 'hours', 'nightly', 'abroad', 'cron', 'twice', 'monthly', 'friday'];
    expect(rang).toEqual([
      ['LifeboatStreamDown orders', asleep + 5, awake - 1],
      ['LifeboatDown', asleep + 10, awake - 1],
      ...policies.map((policy) => [`LifeboatPointUnseen ${policy}`, asleep + 15, awake - 1]),
      // What comes once a night was not missed: its one turn is made up for.
      ...['backup carts', 'backup docs', 'copy near to far'].map((task) => [
        `LifeboatTurnsMissed ${task}`,
        awake + 1,
        awake + 60,
      ]),
    ]);
  }, 300_000);
});
