export * from './asset.ts';
export * from './entry.ts';
export type * from './in-place.ts';
export * from './log.ts';
export * from './log-lives.ts';
export * from './log-ranges.ts';
export * from './outside.ts';
export type * from './standby.ts';
export type * from './tables.ts';
