export * from './hold-object.ts';
