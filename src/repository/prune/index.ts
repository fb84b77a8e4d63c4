export * from './prune-contract.ts';
export { pruneRepository } from './prune.ts';
