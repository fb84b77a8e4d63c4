import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redact, redactData, Secret } from './secrets.ts';

/** Makes a secret that the process knows from then on. */
const known = (text: string): Secret => new Secret(text);

describe('a secret', () => {
  it('is shown by nothing but reveal', () => {
    const secret = new Secret('open sesame');
    for (const shown of [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`]) {
      expect(shown).toContain('[secret]');
      expect(shown).not.toContain('sesame');
    }
    expect(secret.reveal()).toBe('open sesame');
  });

  it('is taken out of any text, the longer of two first', () => {
    known('tiger-li');
    known('tiger-lily');
    expect(redact('tiger-lily and tiger-li')).toBe('[secret] and [secret]');
  });

  it('is taken out wherever it stands in data, keys included', () => {
    known('hunter22');
    const data = { a: ['x hunter22', { hunter22: 1 }], n: 22, b: true, z: null };
    expect(redactData(data)).toEqual({ a: ['x [secret]', { '[secret]': 1 }], n: 22, b: true, z: null });
  });

  it('inside a URL is taken out apart from it, also as it is decoded', () => {
    known('postgres://app:p%40ss-w0rd@db:5432/shop');
    expect(redact('password p@ss-w0rd refused')).toBe('password [secret] refused');
    expect(redact('password p%40ss-w0rd refused')).toBe('password [secret] refused');
    expect(redact('at https://me:never-seen@host/path')).toBe('at https://me:[secret]@host/path');
  });

  it('may be a URL whose password is no valid encoding', () => {
    known('postgres://app:100%pure@db/shop');
    expect(redact('100%pure')).toBe('[secret]');
  });

  it('whose text is part of the mark itself leaves the mark whole', () => {
    known('[secret]');
    known('other-one');
    expect(redact('other-one, [secret]')).toBe('[secret], [secret]');
  });

  it('of several lines is taken out line by line too', () => {
    known('-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n');
    expect(redact('line 2: MIIEvQIBADANBg')).toBe('line 2: [secret]');
  });

  it('is found in JSON inside a text', () => {
    known('quo"te\\d');
    expect(redact(JSON.stringify({ password: 'quo"te\\d' }))).toBe('{"password":"[secret]"}');
  });

  it('that is short is left in the text, for it would hide the text', () => {
    known('pass');
    expect(redact('the check did pass')).toBe('the check did pass');
  });

  it('costs no more than a glance in a long text without one', () => {
    const started = performance.now();
    redact('a'.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
