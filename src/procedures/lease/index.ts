export { joined } from './joined.ts';
export { leaseTarget, type Lease, type LeaseRequest } from './target.ts';
