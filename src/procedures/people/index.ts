export * from './asked.ts';
export * from './attested.ts';
export * from './deciders.ts';
export * from './say.ts';
