import { expect, it } from 'vitest';
import { shellWord } from './shell-word.ts';

it('leaves a plain word as it is, and makes one of whatever else', () => {
  expect(shellWord('./restored/orders-2')).toBe('./restored/orders-2');
  expect(shellWord('/srv/my orders')).toBe(`'/srv/my orders'`);
  expect(shellWord('$(reboot)')).toBe(`'$(reboot)'`);
  expect(shellWord(`a'; reboot; '`)).toBe(`'a'\\''; reboot; '\\'''`);
  expect(shellWord('')).toBe(`''`);
});
