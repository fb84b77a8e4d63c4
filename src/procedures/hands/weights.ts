import { resolve } from 'node:path';
import { LifeboatError } from '../../core/index.ts';
import { isInside } from '../settings/inside.ts';
import type { StepContext } from '../step.ts';
import { Proxy } from './haproxy.ts';

/** Weights by the names of servers: 0 to 256, in the order of the proxy's configuration. */
export type Weights = Readonly<Record<string, number>>;

/** The servers that a proxy divides the work of a service among. */
export interface Backend {
  readonly shown: string;
  weights(): Promise<Weights>;
  /** Who gets more comes first, so that at no moment nobody gets anything. */
  turn(to: Weights): Promise<void>;
}

/** The backend that a pointer of a service names, where the step acts. Throws `plan.unknown_name`. */
export function openBackend(
  service: string,
  pointer: string,
  context: StepContext,
): Backend | { readonly outside: string } {
  const { plan, environment, mode } = context;
  const here = plan.environments.get(environment.name)?.services.get(service)?.pointers?.[pointer];
  const { proxy: backend, socket } = (here ?? plan.services.get(service)?.pointers[pointer] ?? {}) as {
    proxy?: string;
    socket?: string;
  };
  if (backend === undefined || socket === undefined) {
    throw new LifeboatError('plan.unknown_name', `${service} has no pointer ${pointer} to a proxy with a socket`, {
      hint: `Declare it: services: { ${service}: { pointers: { ${pointer}: { proxy: BACKEND, socket: PATH } } } }`,
    });
  }
  const base = environment.ephemeral ? environment.folder : plan.folder;
  const path = socket.includes('/') ? resolve(base, socket) : socket;
  if (mode === 'drill' && (here === undefined || !isInside(environment.folder, path)))
    return { outside: `the proxy of ${service} is not in the bubble` };
  return backendOf(new Proxy(path, context.signal), backend);
}

function backendOf(proxy: Proxy, backend: string): Backend {
  const weights = async (): Promise<Weights> =>
    Object.fromEntries((await proxy.servers(backend)).map(({ name, weight }) => [name, weight]));
  return {
    shown: `the weights of ${backend}`,
    weights,
    turn: async (to) => {
      const now = await weights();
      const rise = (server: string): number => (to[server] ?? 0) - (now[server] ?? 0);
      for (const server of Object.keys(now).toSorted((a, b) => rise(b) - rise(a)))
        if (rise(server) !== 0) await proxy.setWeight(backend, server, to[server] ?? 0);
    },
  };
}
