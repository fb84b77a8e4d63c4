export * from './chain.ts';
export * from './host.ts';
export * from './journal.ts';
export * from './lock.ts';
export * from './open.ts';
export { inWordsOf } from './sqlite-words.ts';
