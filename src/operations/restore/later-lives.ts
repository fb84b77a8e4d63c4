import type { Replay } from '../../assets/index.ts';
import { isoTime } from '../../core/index.ts';

/** For people who did not say along which timeline: sentences. */
export const laterTexts = ({ timeline: followed, later }: Pick<Replay, 'timeline' | 'later'>): string[] =>
  later.map(
    ({ timeline, reachableMs }) =>
      `timeline ${timeline} of the log goes on to ${isoTime(reachableMs)}, later than timeline ${followed}, which is followed: what its server wrote comes back with --timeline ${timeline}`,
  );
