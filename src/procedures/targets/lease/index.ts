export type { LeaseNote } from './lease-object.ts';
export { seenHold } from './seen.ts';
export { joined } from './joined.ts';
export { mustBeHeldBy } from './held-by.ts';
export { leaseTarget, type HeldIn, type Lease, type LeaseRequest, type Without } from './target.ts';
