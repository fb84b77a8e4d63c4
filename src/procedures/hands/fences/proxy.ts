import { LifeboatError, toLifeboatError } from '../../../core/index.ts';
import type { StepContext } from '../../step.ts';
import type { Proxy, ProxiedServer } from '../haproxy.ts';
import type { Fence } from './fence.ts';

/** Servers behind a proxy that get nothing any more: in maintenance, and what was connected is cut. */
export function proxyFence(
  what: string,
  proxy: Proxy,
  backend: string,
  only: readonly string[],
  context: StepContext,
): Fence {
  const servers = async (): Promise<ProxiedServer[]> => {
    const all = await proxy.servers(backend);
    const strange = only.find((name) => !all.some((one) => one.name === name));
    if (strange !== undefined) throw new LifeboatError('plan.invalid', `${backend} has no server ${strange}`);
    // Of none everything would hold, and nobody be kept away.
    if (all.length === 0)
      throw new LifeboatError('target.unreadable', `${backend} has no servers`, {
        hint: 'See whether this is the backend that the service is behind; who writes may come in by another way. Stop the service itself where nothing is behind it.',
      });
    return only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  };
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await servers()).map(({ name, state }) => [name, state]));
  return {
    what,
    how: 'proxy',
    before: states,
    put: async () => {
      for (const { name } of await servers()) {
        await context.mustHold();
        await proxy.setState(backend, name, 'maint');
        await proxy.cut(backend, name);
      }
    },
    lift: async (before) => {
      for (const [name, state] of Object.entries(before as Record<string, ProxiedServer['state']>))
        await proxy.setState(backend, name, state);
    },
    prove: async () => {
      try {
        for (const { name, state } of await servers()) {
          if (state !== 'maint') return { state: 'refuted', text: `${backend}/${name} is ${state}` };
          const count = await proxy.connections(backend, name);
          if (count > 0) return { state: 'refuted', text: `${backend}/${name} still has ${count} connections` };
        }
        return {
          state: 'proved',
          text: `${backend}: in maintenance, no connections; who knows another way is not kept away`,
        };
      } catch (error) {
        return { state: 'unknown', text: toLifeboatError(error).message };
      }
    },
    proveLifted: async (before) => {
      const now = await states();
      const same = JSON.stringify(now) === JSON.stringify(before);
      return { state: same ? 'proved' : 'refuted', text: `${backend}: ${JSON.stringify(now)}` };
    },
  };
}
