export * from './names.ts';
export * from './store.ts';
export * from './wrap/failing-over.ts';
export * from './wrap/faulty.ts';
export * from './wrap/limited.ts';
export * from './wrap/metered.ts';
export * from './wrap/operation.ts';
export * from './wrap/retrying.ts';
