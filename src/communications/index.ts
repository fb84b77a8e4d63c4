export * from './messages.ts';
export * from './notifier.ts';
export * from './outbox.ts';
export * from './waiting.ts';
