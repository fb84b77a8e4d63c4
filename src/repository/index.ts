export * from './repository.ts';
export { createRepository, openRepository } from './open.ts';
export { leadsToLife, unneededPieces, type LogBase, type LogLife } from './logs/index.ts';
export { startThreads } from './pool/index.ts';
export * from './keys/index.ts';
export type { OpenWriter, PruneOptions, PrunePlan, PruneResult } from './prune/index.ts';
export type { ColdPart, CoolOptions, CoolResult } from './tiers/index.ts';
export { holdsRepository, joinRepository } from './replicate/seed.ts';
export { planReplication, replicate, type ReplicateOptions, type Replication } from './replicate/replicate.ts';
