export * from './describe.ts';
export * from './history.ts';
export * from './inside.ts';
export * from './rto.ts';
export * from './run-types.ts';
export * from './runner.ts';
export * from './show.ts';
export * from './step.ts';
