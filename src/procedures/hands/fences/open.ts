import { resolve } from 'node:path';
import { LifeboatError } from '../../../core/index.ts';
import { databaseFence } from './database.ts';
import type { Fence } from './fence.ts';
import { proxyFence } from './proxy.ts';
import { scaleFence } from './scale.ts';
import { stopFence } from './service.ts';
import { Proxy } from '../haproxy.ts';
import { serverUrlOf } from '../postgres.ts';
import type { StepContext } from '../../step.ts';

export interface FenceSettings {
  readonly service?: string | undefined;
  readonly services?: readonly string[] | undefined;
  readonly asset?: string | undefined;
  readonly how?: string | undefined;
  readonly pointer?: string | undefined;
  readonly servers?: readonly string[] | undefined;
  readonly deployment?: string | undefined;
  readonly statefulset?: string | undefined;
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
}

export const ways = ['stop', 'revoke', 'read-only', 'proxy', 'scale'] as const;
type Way = (typeof ways)[number];

/** The fences that a step puts up, or why a bubble cannot rehearse them. Throws `plan.not_executable`, `plan.unknown_name`. */
export async function openFences(
  settings: FenceSettings,
  context: StepContext,
): Promise<readonly Fence[] | { readonly outside: string }> {
  const { asset } = settings;
  const services = [...(settings.service === undefined ? [] : [settings.service]), ...(settings.services ?? [])];
  const how = wayOf(settings, services);
  if (context.mode === 'drill' && how !== 'stop')
    return { outside: `it would act on what is not in the bubble (${how})` };
  switch (how) {
    case 'stop':
      // A server that is stopped takes no writes of its data either.
      return services.map((service) => stopFence(service, context, asset === undefined ? undefined : `asset:${asset}`));
    case 'proxy':
      return services.map((service) => behindProxy(settings, service, context));
    case 'scale':
      return services.map((service) => scaledDown(settings, service, services.length, context));
    default: {
      const url = await serverUrlOf(context.plan, asset ?? '');
      return [databaseFence(asset ?? '', url, how, context)];
    }
  }
}

function wayOf({ how, asset }: FenceSettings, services: readonly string[]): Way {
  const way = how ?? (services.length > 0 ? 'stop' : 'revoke');
  if (!isWay(way))
    throw new LifeboatError('plan.not_executable', `nothing can put up the fence "${way}"`, {
      hint: `These can be: ${ways.join(', ')}. Or make it a step of people: manual.`,
    });
  const acts = way !== 'revoke' && way !== 'read-only' ? services.length > 0 : asset !== undefined;
  if (acts) return way;
  throw new LifeboatError(
    'plan.invalid',
    `the fence "${way}" needs ${way === 'revoke' || way === 'read-only' ? 'an asset' : 'a service'}`,
  );
}

export const isWay = (how: string): how is Way => (ways as readonly string[]).includes(how);

function scaledDown(settings: FenceSettings, service: string, services: number, context: StepContext): Fence {
  const { deployment, statefulset, cluster, namespace, asset } = settings;
  if (!context.plan.services.has(service)) {
    throw new LifeboatError('plan.unknown_name', `the plan has no service ${service}`, {
      hint: `It has: ${[...context.plan.services.keys()].join(', ') || 'none'}.`,
    });
  }
  const named = [deployment, statefulset].filter((one) => one !== undefined).length;
  if (named > 1 || (named === 1 && services > 1)) {
    throw new LifeboatError('plan.invalid', 'a deployment or a statefulset is that of one service', {
      hint: 'Write a step for each service.',
    });
  }
  const kind = statefulset === undefined ? 'deployment' : 'statefulset';
  const what = asset === undefined ? `service:${service}` : `asset:${asset}`;
  return scaleFence(what, { kind, name: statefulset ?? deployment ?? service, cluster, namespace }, context);
}

function behindProxy(settings: FenceSettings, service: string, context: StepContext): Fence {
  const { plan, environment } = context;
  const name = settings.pointer ?? '';
  const here = plan.environments.get(environment.name)?.services.get(service)?.pointers?.[name];
  const pointer = (here ?? plan.services.get(service)?.pointers[name]) as
    | { proxy?: string; socket?: string }
    | undefined;
  if (pointer?.proxy === undefined || pointer.socket === undefined) {
    throw new LifeboatError(
      'plan.unknown_name',
      `${service} has no pointer ${name || 'named by the step'} to a proxy with a socket`,
      {
        hint: 'Write pointer: NAME, and declare it: { proxy: BACKEND, socket: PATH }.',
      },
    );
  }
  const { socket } = pointer;
  const proxy = new Proxy(socket.includes('/') ? resolve(plan.folder, socket) : socket, context.signal);
  const what = settings.asset === undefined ? `service:${service}` : `asset:${settings.asset}`;
  return proxyFence(what, proxy, pointer.proxy, settings.servers ?? [], context);
}
