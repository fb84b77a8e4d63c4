export * from './cancel.ts';
export * from './skip.ts';
