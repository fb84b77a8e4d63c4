export * from './cool-contract.ts';
export { coolRepository } from './cool.ts';
export { coldPartsOf } from './cold-parts.ts';
