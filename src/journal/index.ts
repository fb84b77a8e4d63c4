export * from './journal.ts';
export * from './lock.ts';
export * from './open.ts';
