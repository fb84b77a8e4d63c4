import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { limits, systemCodeOf } from '../../core/index.ts';
import { sentenceDuration, type Finding } from '../../plan/index.ts';
import { addressesOf, type Address } from './addresses.ts';
import { presentedCertificate, type Presented } from './certificate.ts';
import type { World } from './world.ts';

/** Resolves every host of the plan, and looks at the certificate where one is presented. Sends nothing. */
export async function askNetwork(world: World): Promise<Finding[]> {
  const addresses = await addressesOf(world.plan);
  const byPlace = Map.groupBy(addresses, ({ host, tlsPort }) => `${host} ${tlsPort ?? ''}`);
  const found = await Promise.all([...byPlace.values()].map((same) => askAddress(world, same)));
  return found.flat();
}

/** Asked once, said at each place that leans on it. */
async function askAddress(world: World, uses: readonly Address[]): Promise<Finding[]> {
  const [first] = uses;
  if (first === undefined) return [];
  const resolved = await world.ask(`the name ${first.shown}`, () => resolve(world, first.host));
  if ('error' in resolved) {
    return uses.map(({ at, of, shown }) =>
      world.unknown(at, `whether ${shown}, which ${of} leans on, has an address is not known`),
    );
  }
  if (resolved.value === 'unresolved') {
    const hint = 'Correct the name, or renew the registration of its domain.';
    return uses.map(({ at, of, shown }) =>
      world.found('live.name_unresolved', at, `${of} leans on ${shown}, and no such name is known`, hint),
    );
  }
  return first.tlsPort === undefined ? [] : askCertificate(world, uses, first.host, first.tlsPort);
}

async function resolve({ request }: World, host: string): Promise<'resolved' | 'unresolved'> {
  if (isIP(host) !== 0) return 'resolved';
  const ask = request.lookup ?? (async (name) => (await lookup(name, { all: true })).map(({ address }) => address));
  try {
    return (await ask(host)).length > 0 ? 'resolved' : 'unresolved';
  } catch (error) {
    // A resolver that does not answer (EAI_AGAIN) knows nothing of the name.
    if (['ENOTFOUND', 'ENODATA'].includes(systemCodeOf(error) ?? '')) return 'unresolved';
    throw error;
  }
}

async function askCertificate(world: World, uses: readonly Address[], host: string, port: number): Promise<Finding[]> {
  const shown = uses[0]?.shown ?? '';
  const answer = await world.ask(`${shown}, port ${port},`, (signal) => presentedCertificate(host, port, signal));
  if ('error' in answer) {
    const silence = `did not answer on port ${port} in ${sentenceDuration(world.request.timeoutMs)}`;
    return uses.map(({ at, of }) => world.unknown(at, `${of}: ${shown} ${silence}`));
  }
  if ('refused' in answer.value) {
    const { refused } = answer.value;
    const hint = 'Is it running, and is this its address?';
    return uses.map(({ at, of }) =>
      world.found(
        'live.endpoint_silent',
        at,
        `${of}: no encrypted connection to ${shown}, port ${port}: ${refused}`,
        hint,
      ),
    );
  }
  const problem = problemOf(answer.value, world.clock.now());
  if (problem === undefined) return [];
  return uses.map(({ at, of }) =>
    world.found(
      'live.certificate',
      at,
      `${of}: the certificate of ${shown} ${problem.what}`,
      problem.hint,
      problem.severity,
    ),
  );
}

function problemOf(
  { notAfterMs, notBeforeMs, refusal }: Presented,
  nowMs: number,
): { what: string; hint: string; severity: Finding['severity'] } | undefined {
  const renew = 'Renew it, and find out why it did not renew itself.';
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const leftMs = notAfterMs - nowMs;
  if (leftMs <= 0) {
    return { what: `expired on ${day(notAfterMs)}, ${sentenceDuration(-leftMs)} ago`, hint: renew, severity: 'error' };
  }
  if (notBeforeMs > nowMs) {
    const what = `is valid only from ${day(notBeforeMs)} on`;
    return { what, hint: 'Look at the clocks of both machines.', severity: 'error' };
  }
  if (leftMs < limits.certificateLeftMs) {
    const what = `expires on ${day(notAfterMs)}, in ${sentenceDuration(leftMs)}`;
    return { what, hint: renew, severity: 'warning' };
  }
  if (refusal === undefined) return undefined;
  const hint = 'Name the host as its certificate does, or let this machine trust who signed it (NODE_EXTRA_CA_CERTS).';
  return { what: `is not accepted here: ${refusal}`, hint, severity: 'warning' };
}
