import { expect, it } from 'vitest';
import { noPrometheus } from '../../testing/prometheus/index.ts';
import { seed } from '../../testing/seed.ts';
import { planOf } from '../testing/plan.ts';
import { everyCalendar } from '../testing/simulated/plans.ts';
import { SimulatedServe } from '../testing/simulated/serve.ts';

const why = noPrometheus === undefined ? '' : ` (${noPrometheus})`;

// Europe sets its clocks back on the 27th of October, New York on the 3rd of November; both first Saturday and last Friday are in it.
it.skipIf(noPrometheus !== undefined)(
  `a month on all kinds of calendars in which all goes well, each task taking its time, rings in none of its minutes${why}`,
  async () => {
    const calm = new SimulatedServe(await planOf(everyCalendar), Date.parse('2024-10-10T09:00:00Z'));
    try {
      console.log(`seed ${seed}`);
      let chance = seed;
      // What comes each five minutes takes up to one, what comes less often up to two: more would rightly ring for the ten minutes that may be lost.
      calm.world.takesMs = ({ id }) => {
        chance = (chance * 48_271) % 2_147_483_647;
        return 2000 + (chance % (id === 'backup carts' ? 58_000 : 118_000));
      };
      calm.start();
      calm.testKeys();
      for (let day = 0; day < 32; day += 1) await calm.hours(24);
      expect(await calm.rang()).toEqual([]);
    } finally {
      calm.remove();
    }
  },
  3_600_000,
);
