/** What the API takes and gives: the one thing that who talks to it has to know. Needs nothing but zod. */
export * from './accounts.ts';
export * from './common.ts';
export * from './events.ts';
export * from './evidence.ts';
export * from './operations.ts';
export * from './plan.ts';
export * from './points.ts';
export * from './readiness.ts';
export * from './restores.ts';
export * from './runs.ts';
export * from './session.ts';
