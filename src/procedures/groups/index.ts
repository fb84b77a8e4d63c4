export * from './choose.ts';
export * from './expand.ts';
export * from './group.ts';
