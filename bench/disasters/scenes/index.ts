import type { Scene } from '../scene.ts';
import { corrupted } from './corrupted.ts';
import { deleted, dropped } from './dropped.ts';
import { forked } from './forked.ts';
import { fullStore } from './full-store.ts';
import { gap } from './gap.ts';
import { killed, lostFolder } from './killed.ts';

/** Every disaster: the one list of them. */
export const scenes: readonly Scene[] = [killed, dropped, deleted, lostFolder, corrupted, gap, forked, fullStore];
