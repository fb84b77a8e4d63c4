export * from './cluster.ts';
export * from './copy.ts';
export * from './load.ts';
export * from './streaming.ts';
export * from './standby.ts';
