import { LifeboatError, limits, redactData, type Clock } from '../../core/index.ts';
import type { Acted, Engine, RunAddress, RunOrder, Standing, Word } from '../engine.ts';
import { errorFrom } from '../plain-error.ts';
import { isOver } from '../procedure.ts';
import { resultOf } from '../embedded.ts';
import { ingressAt } from './ingress.ts';
import { workflowOf } from './names.ts';

/** Runs on an existing Restate: this process may end at once, workers do the rest. `at` is the address that takes requests. */
export function restateEngine({ at, clock }: { readonly at: string; readonly clock: Clock }): Engine {
  const ingress = ingressAt(at, clock);
  const way = ({ site, run }: RunAddress, handler: string): string => `/${workflowOf(site)}/${run}/${handler}`;
  const signal = async (address: RunAddress, word: Word): Promise<{ after: number }> => {
    const heard = await ingress.call<Acted & { after: number }>(way(address, 'hear'), word);
    if (heard.error !== undefined) throw errorFrom(heard.error);
    return { after: heard.after };
  };
  return {
    name: 'restate',
    start: async (order) => {
      mustBeOpen(order);
      await ingress.handOver(way(order, 'run'), order);
    },
    signal,
    cancel: (address, by, reason) =>
      signal(address, { kind: 'cancel', by, ...(reason === undefined ? {} : { reason }) }),
    result: async (address, heard = { after: 0 }, stop = new AbortController().signal) => {
      for (;;) {
        const standing = await look(() => ingress.call<Standing>(way(address, 'look'), {}, stop), stop);
        const { round, acted } = standing ?? { round: 0 };
        if (acted !== undefined && (round > heard.after || isOver(acted))) return resultOf(acted);
        await clock.sleep(limits.engineLookMs, stop);
      }
    },
    close: async () => {},
  };
}

/** What an engine is given lies on its disks. Throws `engine.secret`. */
function mustBeOpen(order: RunOrder): void {
  if (JSON.stringify(redactData(order)) === JSON.stringify(order)) return;
  throw new LifeboatError('engine.secret', `a secret would go to the engine with run ${order.run}`, {
    hint: 'Let the steps name the source of the secret, which is read at their site.',
  });
}

/** Who waits for an end outlives a server that is away for a moment. */
async function look(ask: () => Promise<Standing>, stop: AbortSignal): Promise<Standing | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    if (error instanceof LifeboatError && error.code === 'engine.unreachable') return undefined;
    throw error;
  }
}
