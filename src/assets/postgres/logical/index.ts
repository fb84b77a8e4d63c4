export * from './apply.ts';
export * from './capture.ts';
export { dumpFactsOf, isDump } from './facts.ts';
export * from './source.ts';
export * from './start.ts';
