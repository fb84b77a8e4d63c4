export * from './facts.ts';
export * from './json.ts';
export * from './status-types.ts';
export * from './status.ts';
export { lossNow, silentText } from './loss.ts';
export { lossTarget } from './reach.ts';
export { hasGoneOn } from './streams.ts';
