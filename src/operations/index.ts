export * from './backup.ts';
export * from './choose-point.ts';
export * from './contract.ts';
export * from './forget.ts';
export * from './points.ts';
export * from './restore.ts';
export * from './stores-of.ts';
export * from './verify.ts';
