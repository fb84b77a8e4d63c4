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
    expect(await view.get()).toMatchObject({ value: 'nothing', renewing: true });
  });

  it('is said to be old where more happened while it was made', async () => {
    const { view, things, later } = viewOf(20);
    await view.get();
    things.happen('a point');
    later(5_010, () => things.happen('another point'));
    expect(await view.get()).toMatchObject({ value: 'a point', renewing: true });
    expect(await view.get()).toMatchObject({ value: 'another point', renewing: false });
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
      const found = now;
      await clock.sleep(takesMs);
      if (found instanceof Error) throw found;
      return found;
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
    /** Does so while time goes on. */
    later: (ms: number, act: () => void): void => void clock.sleep(ms).then(act),
    things: {
      happen: (what: string | Error, itTakesMs = takesMs): void => {
        [now, key, takesMs] = [what, key + 1, itTakesMs];
      },
    },
  };
}
