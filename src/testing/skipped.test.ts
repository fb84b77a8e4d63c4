import { expect, it } from 'vitest';
import { skippedFor } from './skipped.ts';

it('the title of a test says that it is skipped only where it is', () => {
  expect(`a dump${skippedFor(undefined)}`).toBe('a dump');
  expect(`a dump${skippedFor('no server is here')}`).toBe('a dump (skipped: no server is here)');
});
