import type { FailedStream, LogReach } from './facts.ts';

/** Whether the log went on in every store since a stream of this machine ended: one of another machine may have taken over. */
export const hasGoneOn = ({ atMs }: FailedStream, reaches: readonly LogReach[]): boolean =>
  reaches.length > 0 && reaches.every(({ completeMs }) => completeMs > atMs);
