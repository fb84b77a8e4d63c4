export * from './drill.ts';
export * from './evidence.ts';
export * from './page.ts';
export * from './recovery.ts';
export * from './status/index.ts';
