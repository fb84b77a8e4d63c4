import { isLifeboatError, LifeboatError, limits, messageOf, type Clock } from '../../core/index.ts';
import type { Elsewhere, StepAnswer, StepPacket } from '../../procedures/index.ts';
import { ingressAt } from './ingress.ts';
import { serviceOf } from './names.ts';

/** The hands of a leading worker at other sites: steps go through the engine, which keeps them for a worker that is away. */
export function elsewhereBy({ at, site, clock }: { at: string; site: string; clock: Clock }): Elsewhere {
  const ingress = ingressAt(at, clock);
  const handOver = async (way: string, packet: StepPacket, signal: AbortSignal): Promise<string> => {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await ingress.send(way, packet, packet.key);
      } catch (error) {
        // Nobody knows whether it was taken: handed over again it is the same work.
        if (!isLifeboatError(error, 'engine.unreachable')) throw error;
        await clock.sleep(limits.engineLookMs, signal);
      }
    }
  };
  return {
    site,
    step: async (where, packet, signal) => {
      const invocation = await handOver(`/${serviceOf(where)}/step`, packet, signal);
      try {
        return await ingress.output<StepAnswer>(invocation, signal);
      } catch (error) {
        signal.throwIfAborted();
        // It was taken, and may act: no answer of the engine about it says that it did not.
        const why = `${packet.step.id} was given to ${where}, and the engine cannot tell its end: ${messageOf(error)}`;
        throw new LifeboatError('step.in_doubt', why, { cause: error });
      }
    },
    stop: async (where, key) => void (await ingress.send(`/${serviceOf(where)}/stop`, { key })),
  };
}
