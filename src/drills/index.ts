export * from './bubble.ts';
export type { Chance } from './choices.ts';
export * from './drill.ts';
export * from './measure.ts';
export * from './score.ts';
