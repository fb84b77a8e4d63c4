import { expect, it } from 'vitest';
import { parseServerUrl } from './address.ts';

it.each([
  ['postgresql://app:pw@db:5433/shop', { username: 'app', password: 'pw', host: 'db:5433', pathname: '/shop' }],
  [
    'postgresql://app@/shop?host=/run/postgresql',
    { username: 'app', password: '', hostname: 'localhost', pathname: '/shop' },
  ],
  ['postgres:///shop?user=app&password=p%40w', { username: 'app', password: 'p%40w', hostname: 'localhost' }],
  ['postgresql://', { username: '', hostname: 'localhost', pathname: '' }],
])('reads the parts of %s', (text, parts) => {
  expect(parseServerUrl(text)).toMatchObject(parts);
});

it('never shows what it could not read, for it may hold a password', () => {
  const text = 'postgresql://app:secret word@[bad/shop';
  expect(() => parseServerUrl(text)).toThrow(/not one that can be read/);
  expect(() => parseServerUrl(text)).not.toThrow(/secret word/);
});
