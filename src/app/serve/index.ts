export type { ServeEvent } from './events.ts';
export type { Answering, ServeHost } from './host.ts';
export { keepersOf } from './keepers.ts';
export { scheduleName } from './schedule-hold.ts';
export type { ServeOptions, ServeReport } from './serve-options.ts';
export { serve } from './serve.ts';
export { Workspaces } from './workspaces.ts';
