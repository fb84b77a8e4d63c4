export * from './needed.ts';
export { logIdOf, StoredLog } from './stored-log.ts';
export { verifyLogObject } from './verify-logs.ts';
