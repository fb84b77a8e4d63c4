import type { Point } from '../../../../api/contract/index.ts';

/** Told apart by shape too, not by colour alone. */
export const shapes: Readonly<Record<Point['state'], string>> = {
  proven: 'M0-5.5L5.5 0L0 5.5L-5.5 0Z',
  verified: 'M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0-4.5 0Z',
  unverified: 'M-3.5 0A3.5 3.5 0 1 0 3.5 0A3.5 3.5 0 1 0-3.5 0Z',
  damaged: 'M-5-5L5 5M5-5L-5 5',
};
