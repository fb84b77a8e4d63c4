export type { ServeEvent } from './events.ts';
export type { Answering, ServeHost } from './host.ts';
export { keepersOf } from './keepers.ts';
export { scheduleName } from './role.ts';
export { serve, type ServeOptions, type ServeReport } from './serve.ts';
export { Workspaces } from './workspaces.ts';
