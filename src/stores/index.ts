export * from './names.ts';
export * from './store.ts';
