export * from './fill.ts';
export * from './notifier.ts';
export * from './outbox.ts';
