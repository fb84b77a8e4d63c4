import { systemClock } from '../../core/index.ts';
import type { RunResult } from '../../procedures/index.ts';
import { stepOf } from '../../procedures/testing/bench.ts';
import type { Engine, Heard, Word } from '../engine.ts';
import { effects, orderOf, steps, writes, type Ground } from './ground.ts';
import type { SiteChild } from './site-child.ts';
import type { SiteOptions } from './site-process.ts';

export interface Swept {
  /** Whether the process died before the run had ended. */
  readonly died: boolean;
  readonly verdict: RunResult['verdict'];
  readonly effects: readonly string[];
}

/** What a run of this procedure does, each once: a consent in the middle, and two at once. */
export const sweptEffects = ['one', 'left', 'right', 'last'];

/**
 * A whole run, the words of people included, while the process of its site is killed: by itself at one call of its journal, or by `kill` from
 * outside. It is started again at once, as a system does with its services.
 */
export async function sweep(
  ground: Ground,
  prefix: string,
  deadly: Pick<SiteOptions, 'deadly'>,
  kill?: (child: SiteChild) => Promise<void>,
): Promise<Swept> {
  await ground.kill();
  const child = await ground.start(deadly);
  const life = { over: false, died: false };
  const revived = reviveOnce(ground, child, life);
  const line = (name: string): ReturnType<typeof writes> => writes(ground, `${prefix}-${name}`);
  const order = orderOf(
    steps(
      line('one'),
      stepOf('both', 'parallel', {}, { steps: [line('left'), line('right')] }),
      stepOf('consent', 'approve', { by: ['lead'] }),
      line('last'),
    ),
  );
  const { engine } = ground;
  void kill?.(child);
  await patiently(() => engine.start(order));
  let result = await patiently(() => engine.result(order));
  for (let round = 0; round < 5 && result.verdict !== 'done'; round += 1) {
    const heard = await patiently(() => say(engine, order));
    result = await patiently(() => engine.result(order, heard));
  }
  life.over = true;
  await child.kill();
  await revived;
  const done = effects(ground, `${prefix}-`).map((one) => one.slice(prefix.length + 1));
  return { died: life.died, verdict: result.verdict, effects: done };
}

async function reviveOnce(
  ground: Ground,
  child: SiteChild,
  life: { readonly over: boolean; died: boolean },
): Promise<void> {
  await child.ended;
  if (life.over) return;
  life.died = true;
  await ground.start();
}

/** What was said before a process died may have been heard: then nobody asks any more. */
async function say(engine: Engine, order: Parameters<Engine['signal']>[0]): Promise<Heard | undefined> {
  const agree: Word = { kind: 'say', said: { word: 'approve', as: 'lead', user: 'account' } };
  try {
    return await engine.signal(order, agree);
  } catch (error) {
    if ((error as { code?: string }).code === 'run.not_asked') return undefined;
    throw error;
  }
}

/** Whom the death of the process met asks again. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof Error && (error.constructor.name === 'Gone' || error.message.includes('closed'));
      if (!passes || tries > 100) throw error;
      await systemClock.sleep(100);
    }
  }
}
