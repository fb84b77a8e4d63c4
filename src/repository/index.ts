export * from './repository.ts';
export { createRepository, openRepository } from './open.ts';
