export { SealSession } from './seal-session.ts';
export { KnownIds, type KnownOnDisk } from './known-ids.ts';
export { openInThread, placeInThread, Pool, poolFor, startThreads, threadsOfPool } from './pool.ts';
export { ownBuffers, SharedBuffers, type Slot } from './shared-buffers.ts';
export type { OpenRequest, OpenTarget, PlacedChunk } from './messages.ts';
export { carried, type CarriedError } from './carried.ts';
export { Thread } from './thread.ts';
