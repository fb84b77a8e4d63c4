export * from './notifier.ts';
export * from './outbox.ts';
