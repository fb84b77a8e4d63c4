import { integer, sample } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { killAndFinish, killLaterAndFinish } from '../testing/kill-runner.ts';

const all = ['left', 'one', 'right', 'two'];

describe('a runner killed with SIGKILL', () => {
  it('at any record leaves a run that comes to its end with each effect exactly once, or asks', async () => {
    let questions = 0;
    let call = 1;
    for (let killed = true; killed; call += 1) {
      const [before, after] = await Promise.all([killAndFinish(call, 'before'), killAndFinish(call, 'after')]);
      const first = call === 1 ? { verdict: 'never began', effects: [] } : { verdict: 'done', effects: all };
      expect({ call, ...before }).toMatchObject({ call, ...first });
      expect({ call, ...after }).toMatchObject({ call, verdict: 'done', effects: all });
      questions += before.questions + after.questions;
      killed = before.end === 'SIGKILL';
      expect(after.end).toBe(killed ? 'SIGKILL' : 0);
    }
    expect(call).toBeGreaterThanOrEqual(14); // each of the records of this procedure was a place to die
    expect(questions).toBeGreaterThan(0);
    console.info(
      `runner killed at ${call - 2} records, before and after each: ${questions} questions, 0 effects lost or twice`,
    );
  });

  it('at 200 random instants leaves a run that comes to its end with each effect exactly once', async () => {
    let died = 0;
    const instants = sample(integer({ min: 250, max: 2500 }), 200);
    for (const afterMs of instants) {
      const { end, verdict, effects } = await killLaterAndFinish(afterMs);
      died += end === 'SIGKILL' ? 1 : 0;
      const wanted = verdict === 'never began' ? [] : all;
      expect({ afterMs, verdict, effects }).toEqual({
        afterMs,
        verdict: wanted.length === 0 ? 'never began' : 'done',
        effects: wanted,
      });
    }
    expect(died).toBeGreaterThan(0);
    console.info(
      `runner killed ${died} times at ${instants.length} random instants (${instants.join(' ')} ms): 0 effects lost or twice`,
    );
  });
});
