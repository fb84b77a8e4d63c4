import { isLifeboatError, limits, type Clock } from '../../core/index.ts';
import type { Elsewhere, StepAnswer } from '../../procedures/index.ts';
import { ingressAt } from './ingress.ts';
import { serviceOf } from './names.ts';

/** The hands of a leading worker at other sites: steps go through the engine, which keeps them for a worker that is away. */
export function elsewhereBy({ at, site, clock }: { at: string; site: string; clock: Clock }): Elsewhere {
  const ingress = ingressAt(at, clock);
  return {
    site,
    step: async (where, packet, signal) => {
      const way = `/${serviceOf(where)}/step`;
      for (;;) {
        signal.throwIfAborted();
        try {
          return await ingress.output<StepAnswer>(await ingress.send(way, packet, packet.key), signal);
        } catch (error) {
          // Nobody knows whether it was taken: handed over again it is the same work.
          if (!isLifeboatError(error, 'engine.unreachable')) throw error;
          await clock.sleep(limits.engineLookMs, signal);
        }
      }
    },
    stop: async (where, key) => void (await ingress.send(`/${serviceOf(where)}/stop`, { key })),
  };
}
