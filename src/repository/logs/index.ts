export { logIdOf } from './log-id.ts';
export * from './needed.ts';
export { StoredLog } from './stored-log.ts';
export { verifyLogObject } from './verify-logs.ts';
