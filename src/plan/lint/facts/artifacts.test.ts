import { expect, it } from 'vitest';
import { canBe } from './artifacts.ts';

it('a name that is taken can be one that is made, whatever way its date is written', () => {
  for (const made of [
    'shop-YYYY-MM-DD.sql.gz',
    'shop-$DATE.sql.gz',
    'shop-%Y-%m-%d.sql.gz',
    'shop-{date}.sql.gz',
    'shop-*.sql.gz',
  ]) {
    expect([made, canBe('s3://copies/shop-2026-02-18.sql.gz', made)]).toEqual([made, true]);
  }
  expect(canBe('shop_20260218_120000.dump', 'shop_YYYYMMDD_HHMMSS.dump')).toBe(true);
});

it('another word, ending or prefix is another file', () => {
  expect(canBe('shop-latest.sql.gz', 'shop-YYYY-MM-DD.sql.gz')).toBe(false);
  expect(canBe('shop-latest.sql.gz', 'shop-$DATE.sql.gz')).toBe(false);
  expect(canBe('shop-2026-02-18.sql', 'shop-YYYY-MM-DD.sql.gz')).toBe(false);
  expect(canBe('latest.sql.gz', 'shop_$DATE.sql.gz')).toBe(false);
});

it('a name of nothing but placeholders takes no longer than another', () => {
  expect(canBe(`${'a'.repeat(250)}b`, `${'*'.repeat(120)}c`)).toBe(false);
});
