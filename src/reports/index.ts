export * from './evidence.ts';
export * from './page.ts';
