import { expect, it } from 'vitest';
import type { Account } from '../api/contract/index.ts';
import { changeOf } from './ui/rooms/people/written.ts';

const before: Account = { name: 'max', role: 'admin', contact: 'lead', createdAt: '', signedInAt: null };

it('the form of an account changes what was filled in anew, and takes back nothing that somebody else changed meanwhile', () => {
  const same = { role: 'admin', contact: 'lead', password: '' } as const;
  expect(changeOf(before, same)).toEqual({});
  expect(changeOf(before, { ...same, password: 'another correct horse' })).toEqual({
    password: 'another correct horse',
  });
  expect(changeOf(before, { ...same, role: 'viewer' })).toEqual({ role: 'viewer' });
  expect(changeOf(before, { ...same, contact: '' })).toEqual({ contact: null });
  expect(changeOf({ ...before, contact: null }, { ...same, contact: '' })).toEqual({});
});
