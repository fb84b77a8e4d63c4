export * from './asset.ts';
export * from './entry.ts';
