export { leaseTarget, type Lease, type LeaseRequest } from './target.ts';
