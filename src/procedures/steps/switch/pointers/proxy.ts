import { LifeboatError } from '../../../../core/index.ts';
import type { Proxy } from '../../../hands/haproxy.ts';
import { keptInJournal, mustSay, type Pointer } from '../pointer.ts';

const weightMax = 256;
/** Half of it is still something: with 1 a share of 50 % would be nothing at all. */
const fullWeight = 100;

/**
 * `{ proxy: BACKEND, socket: PATH }`: the weights of a backend's servers, `old=0 new=100`. A value may name one server, which then gets
 * everything.
 */
export function proxyPointer(proxy: Proxy, backend: string): Pointer {
  const weights = async (): Promise<Map<string, number>> =>
    new Map((await proxy.servers(backend)).map(({ name, weight }) => [name, weight]));
  const read = async (): Promise<string> => written(await weights());
  const pointer: Pointer = {
    shown: `the weights of ${backend}`,
    isSecret: false,
    read,
    normal: async (value) => written(wanted(value, [...(await weights()).keys()], backend)),
    set: async (from, to) => {
      const now = await weights();
      mustSay(pointer, written(now), from);
      const next = wanted(to ?? '', [...now.keys()], backend);
      // Who gets more comes first, so that at no moment nobody gets anything.
      const order = [...next].toSorted(([a], [b]) => rise(now, next, b) - rise(now, next, a));
      for (const [server, weight] of order) {
        if (now.get(server) !== weight) await proxy.setWeight(backend, server, weight);
      }
    },
    ...keptInJournal,
  };
  return pointer;
}

const rise = (now: ReadonlyMap<string, number>, next: ReadonlyMap<string, number>, server: string): number =>
  (next.get(server) ?? 0) - (now.get(server) ?? 0);

const written = (weights: ReadonlyMap<string, number>): string =>
  [...weights].map(([server, weight]) => `${server}=${weight}`).join(' ');

/** Servers that a value does not name keep nothing: a forgotten one would go on getting its share. */
function wanted(value: string, servers: readonly string[], backend: string): Map<string, number> {
  const named = value.includes('=')
    ? value.split(/[\s,]+/).map((part): [string, number] => {
        const [server = '', weight = ''] = part.split('=');
        return [server, /^\d+$/.test(weight) ? Number(weight) : Number.NaN];
      })
    : [[value, fullWeight] as [string, number]];
  for (const [server, weight] of named) {
    if (!servers.includes(server)) throw wrong(value, `${backend} has ${servers.join(', ')}, and no ${server}`);
    if (!(weight <= weightMax)) throw wrong(value, `a weight goes from 0 to ${weightMax}`);
  }
  const given = new Map(named);
  return new Map(servers.map((server) => [server, given.get(server) ?? 0]));
}

const wrong = (value: string, why: string): LifeboatError =>
  new LifeboatError('plan.invalid', `${JSON.stringify(value)} says nothing about weights: ${why}`, {
    hint: 'Write the server that gets everything, or each with its weight: old=0 new=100.',
  });
