export { addKey, takeKeyOut, type NewKey, type StoreChange } from './change-keys.ts';
export { keysOf, openKeyring, type KeyEntry, type Keyring } from './keyring.ts';
export type { KeyDerivation, ShareFacts } from './keys.ts';
export { rotateKeys, type RotateOptions, type RotateReport } from './rotate-keys.ts';
export { provesItself, type CanaryProof } from './prove.ts';
export * from './shares/index.ts';
