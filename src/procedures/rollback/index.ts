export * from './rollback.ts';
export { rollbackOf, type Left, type Rollback } from './rollback-of.ts';
