import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../core/index.ts';
import { View } from './view.ts';

describe('what takes long to find out', () => {
  it('is asked anew and waited for where that takes a moment: nobody sees what was', async () => {
    const { view, things } = viewOf(20);
    expect(await view.get()).toMatchObject({ value: 'nothing', renewing: false });
    things.happen('a point');
    expect(await view.get()).toMatchObject({ value: 'a point', renewing: false });
  });

  it('is given as it was, and said to be made anew, where that takes longer', async () => {
    const { view, things } = viewOf(500);
    await view.get();
    things.happen('a point');
    expect(await view.get()).toMatchObject({ value: 'nothing', renewing: true });
    expect(await view.get()).toMatchObject({ value: 'a point', renewing: false });
  });

  it('is given as it was where what took a moment hangs this time', async () => {
    const { view, things } = viewOf(20);
    await view.get();
    things.happen('a point', 60_000);
    expect(await view.get()).toMatchObject({ value: 'nothing', renewing: true });
  });

  it('stands where it cannot be made anew, and is said to be old', async () => {
    const { view, things } = viewOf(20);
    await view.get();
    things.happen(new Error('the store is gone'));
    expect(await view.get()).toMatchObject({ value: 'nothing' });
  });
});

/** A view whose making takes so long by a clock that goes on whenever somebody waits for it. */
function viewOf(takesMs: number) {
  const clock = new ManualClock();
  let [now, key]: [string | Error, number] = ['nothing', 0];
  const view = new View<string>({
    clock,
    key: () => String(key),
    make: async () => {
      await clock.sleep(takesMs);
      if (now instanceof Error) throw now;
      return now;
    },
    renewed: () => {},
  });
  const get = async (): ReturnType<typeof view.get> => {
    await clock.advance(5_000); // some seconds later
    const answer = view.get();
    for (let ms = 0; ms < 1_000; ms += 10) await clock.advance(10);
    return answer;
  };
  return {
    view: { get },
    things: {
      happen: (what: string | Error, itTakesMs = takesMs): void => {
        [now, key, takesMs] = [what, key + 1, itTakesMs];
      },
    },
  };
}
