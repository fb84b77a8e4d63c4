export * from './bubble.ts';
export * from './drill.ts';
export * from './measure.ts';
export * from './score.ts';
