export * from './clock.ts';
export * from './devices.ts';
export * from './durable.ts';
export * from './error-codes.ts';
export * from './errors.ts';
export * from './file-names.ts';
export * from './free.ts';
export * from './html.ts';
export * from './ids.ts';
export * from './in-time.ts';
export * from './limits.ts';
export * from './mounts.ts';
export * from './patience.ts';
export * from './own-module.ts';
export * from './page-colours.ts';
export {
  endGroup,
  isAlive,
  mustSucceed,
  plainEnvironment,
  processStart,
  runProcess,
  type ProcessOptions,
  type ProcessResult,
} from './process.ts';
export * from './port.ts';
export * from './processes.ts';
export * from './progress.ts';
export * from './secret-source.ts';
export * from './secrets.ts';
export * from './service.ts';
export * from './shell-word.ts';
export * from './system-calls.ts';
export * from './stream-process.ts';
export * from './units.ts';
