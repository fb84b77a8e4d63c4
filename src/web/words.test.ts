import { assert, double, integer, maxSafeNat, oneof, property } from 'fast-check';
import { it } from 'vitest';
import { formatBytes, formatDuration } from '../core/index.ts';
import * as web from './ui/data/words.ts';

it('the web interface says durations and sizes in the very words of the command line', () => {
  const ms = oneof(double({ min: -1e5, max: 1e5, noNaN: true }), integer({ min: 0, max: 4e11 }));
  assert(property(ms, (value) => web.formatDuration(value) === formatDuration(value)));
  const bytes = oneof(integer({ min: 0, max: 3000 }), maxSafeNat());
  assert(property(bytes, (value) => web.formatBytes(value) === formatBytes(value)));
});
