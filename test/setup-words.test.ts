import { expect, it } from 'vitest';
import { lastWord } from '../scripts/build/last-word.mjs';

it('a set-up that did something ends with what comes next, and only where it was all that was asked for', () => {
  expect(lastWord({ hasInstalled: true, event: 'setup' })).toMatch(/^Ready\. Next: npm run demo/);
  expect(lastWord({ hasInstalled: false, event: 'setup' })).toBeUndefined();
  expect(lastWord({ hasInstalled: true, event: 'test' })).toBeUndefined();
  expect(lastWord({ hasInstalled: true, event: undefined })).toBeUndefined();
});
