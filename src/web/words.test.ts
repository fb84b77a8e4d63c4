import fc from 'fast-check';
import { it } from 'vitest';
import { formatBytes, formatDuration } from '../core/index.ts';
import * as web from './ui/data/words.ts';

it('the web interface says durations and sizes in the very words of the command line', () => {
  const ms = fc.oneof(fc.double({ min: -1e5, max: 1e5, noNaN: true }), fc.integer({ min: 0, max: 4e11 }));
  fc.assert(fc.property(ms, (value) => web.formatDuration(value) === formatDuration(value)));
  const bytes = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.maxSafeNat());
  fc.assert(fc.property(bytes, (value) => web.formatBytes(value) === formatBytes(value)));
});
