export * from './cancel.ts';
export * from './skip.ts';
export { pauseRun, type PauseRequest } from './pause.ts';
export { stepToRetry } from './retry.ts';
