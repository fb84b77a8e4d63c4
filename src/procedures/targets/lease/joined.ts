import type { Lease } from './target.ts';

/** Several targets that are held together: as good as the worst of them. */
export function joined(leases: readonly Lease[]): Lease {
  const [only, second] = leases;
  if (only !== undefined && second === undefined) return only;
  return {
    stores: [...new Set(leases.flatMap(({ stores }) => stores))],
    without: leases.flatMap(({ without }) => without),
    holds: leases.flatMap(({ holds }) => holds),
    mustHold: () => leases.forEach((lease) => lease.mustHold()),
    signal: AbortSignal.any(leases.map(({ signal }) => signal)),
    release: async () => void (await Promise.all(leases.map((lease) => lease.release()))),
  };
}
