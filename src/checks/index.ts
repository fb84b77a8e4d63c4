export * from './check.ts';
export * from './kinds.ts';
export * from './parse-check.ts';
export * from './run-check.ts';
