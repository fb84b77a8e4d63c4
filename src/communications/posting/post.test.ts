import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../core/index.ts';
import { startReceiver, type Receiver } from '../testing/receiver.ts';
import { bodyOfFields, guardedLookup, isForbidden, mayConnect, post, taken, type Post } from './index.ts';

let receiver: Receiver;
beforeEach(async () => void (receiver = await startReceiver()));
afterEach(() => receiver.close());

const to = (url: string, more: Partial<Post> = {}): Post => ({
  url: new URL(url),
  headers: {},
  body: 'x',
  linkLocal: false,
  signal: new AbortController().signal,
  ...more,
});

describe('addresses that hand out credentials (SSRF)', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://[fd00:c1::a9fe:a9fe]/',
    'http://[fd00:42::42]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[64:ff9b::100.100.100.200]/',
    'http://[64:ff9b:1::169.254.169.254]/',
    'http://[2002:a83f:8110::1]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://0.0.0.0/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[ff02::1]/',
  ])('%s is asked nothing', async (url) => {
    await expect(post(to(url))).rejects.toMatchObject({ code: 'channel.refused' });
  });

  it('any of link-local, however it is written', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (third, fourth) => {
        const plain = `169.254.${third}.${fourth}`;
        const inSix = `::ffff:a9fe:${((third << 8) | fourth).toString(16)}`;
        expect([isForbidden(plain), isForbidden(`::ffff:${plain}`), isForbidden(inSix)]).toEqual([true, true, true]);
      }),
    );
  });

  it.each([
    '127.0.0.1',
    '10.0.0.8',
    '192.168.1.1',
    '203.0.113.9',
    '::1',
    'fd12::1',
    '2001:db8::1',
    '64:ff9b::cb00:7109',
    '2002:cb00:7109::1',
  ])('%s is a place like others', (address) => expect(isForbidden(address)).toBe(false));

  it('a name is judged by what it leads to, right before it is connected to', async () => {
    const looked = (linkLocal: boolean): Promise<unknown> =>
      new Promise((resolve) =>
        guardedLookup(linkLocal)('169.254.169.254', { all: true }, (error, found) => resolve(error ?? found)),
      );
    expect(await looked(false)).toMatchObject({ code: 'channel.refused', message: /169\.254\.169\.254 is an address/ });
    expect(await looked(true)).toEqual([{ address: '169.254.169.254', family: 4 }]);
  });

  it('unless the plan says that it is meant', () => {
    expect(() => mayConnect('169.254.10.1', false)).toThrow('169.254.10.1');
    expect(() => mayConnect('169.254.10.1', true)).not.toThrow();
  });

  it('and no redirect leads there, nor to anybody else', async () => {
    const other = await startReceiver();
    receiver.answer = 307;
    receiver.says = () => ({ body: '', headers: { location: other.url } });
    const answer = await post(to(receiver.url));
    await other.close();
    expect(() => taken(answer, new URL(receiver.url), new ManualClock())).toThrow('leads to somebody else');
    expect(other.posted).toEqual([]);
  });
});

describe('what is answered', () => {
  const judged = async (): Promise<unknown> => {
    const answer = await post(to(receiver.url));
    try {
      return taken(answer, new URL(receiver.url), new ManualClock(Date.parse('2026-11-21T10:00:00Z')));
    } catch (error) {
      return error;
    }
  };

  it.each([
    [200, undefined],
    [204, undefined],
    [400, 'channel.refused'],
    [401, 'channel.refused'],
    [404, 'channel.refused'],
    [408, 'channel.unreachable'],
    [425, 'channel.unreachable'],
    [429, 'channel.unreachable'],
    [500, 'channel.unreachable'],
    [503, 'channel.unreachable'],
  ])('%i means %s', async (status, code) => {
    receiver.answer = status;
    expect(((await judged()) as { code?: string }).code).toBe(code);
  });

  it.each([
    ['7', 7_000],
    ['Sat, 21 Nov 2026 10:02:00 GMT', 120_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
  ])('Retry-After: %s says when to come again', async (header, retryAfterMs) => {
    receiver.answer = 429;
    receiver.says = () => ({ body: 'slow down', headers: { 'retry-after': header } });
    expect(((await judged()) as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
  });

  it('is read up to a bound, and shown up to a shorter one', async () => {
    receiver.says = () => ({ body: 'y'.repeat(2_000_000) });
    const answer = await post(to(receiver.url));
    expect(answer.text.length).toBeLessThan(200_000);
    expect(taken(answer, new URL(receiver.url), new ManualClock()).answer.length).toBeLessThan(300);
  });
});

describe('the fields of somebody else', () => {
  const message = { key: 'k', channel: 'c', subject: 'Down', body: '', atMs: 0, plan: 'p' };

  it('are filled in as deep as they go, and what a message says is never read as a template or as JSON', () => {
    fc.assert(
      fc.property(fc.string(), (body) => {
        const made = bodyOfFields({ a: { b: ['{{ body }}', 7, true] } }, 'json', { ...message, body });
        expect(JSON.parse(made.body)).toEqual({ a: { b: [body, 7, true] } });
        const form = bodyOfFields({ Body: '{{ body }}', To: '+1' }, 'form', { ...message, body });
        expect(new URLSearchParams(form.body).get('To')).toBe('+1');
      }),
    );
  });
});
