import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { checkKinds, runCheck, type CheckResult } from '../index.ts';
import { noPrometheus, startTestPrometheus, type TestPrometheus } from '../testing/prometheus.ts';

const ask = (settings: unknown, expect_?: string): Promise<CheckResult> =>
  runCheck({ kind: 'promql', settings, ...(expect_ === undefined ? {} : { expect: expect_ }) }, checkKinds, {
    clock: systemClock,
    baseFolder: '/',
  });

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const skipped = noPrometheus === undefined ? '' : ` (${noPrometheus})`;

describe.skipIf(noPrometheus !== undefined)(`promql, asked of a real Prometheus${skipped}`, () => {
  let shop: Server;
  let prometheus: TestPrometheus;
  const one = (query: string, expect_?: string) => ask({ query, url: prometheus.url }, expect_);
  beforeAll(async () => {
    shop = createServer((_, response) =>
      response.end('orders_total{region="north"} 42\norders_total{region="south"} 7\nqueue_length 0\nratio NaN\n'),
    );
    prometheus = await startTestPrometheus(await listening(shop));
    for (let tries = 0; !(await one('orders_total')).ok && tries < 200; tries += 1) await systemClock.sleep(50);
  });
  afterAll(async () => {
    await prometheus?.stop();
    shop?.close();
  });

  it('is green while there is a series and none is zero, and says what was seen', async () => {
    const { ok, observed } = await one('orders_total');
    expect({ ok, observed }).toMatchObject({ ok: true, observed: expect.stringMatching(/region="north".* 42.*, .*7/) });
  });

  it('compares the value, all values and how many there are', async () => {
    const verdicts = await Promise.all([
      one('sum(orders_total)', 'value == 49'),
      one('orders_total', 'series == 2 && values.exists(v, v == 7)'),
      one('orders_total > 100', 'series == 0'),
      one('scalar(queue_length)', 'value == 0'),
      one('sum(orders_total)', 'value > 49'),
    ]);
    expect(verdicts.map(({ ok }) => ok)).toEqual([true, true, true, true, false]);
  });

  it('is red for nothing, for zero and for what is no number', async () => {
    const seen = await Promise.all([one('no_such_metric'), one('queue_length'), one('ratio')]);
    expect(seen.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(seen[0]?.observed).toContain('nothing is measured');
  });

  it('is red for a query that does not parse, with the words of the server, and for a range', async () => {
    expect(await one('sum(')).toMatchObject({ ok: false, observed: expect.stringContaining('parse error') });
    expect(await one('orders_total[5m]')).toMatchObject({ ok: false, observed: expect.stringContaining('matrix') });
  });
});

describe('promql', () => {
  const answering = async (
    status: number,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<CheckResult> => {
    const server = createServer((_, response) => response.writeHead(status, headers).end(body));
    try {
      return await ask({ query: 'up', url: `http://127.0.0.1:${await listening(server)}` });
    } finally {
      server.close();
    }
  };

  it('is red when something else answers, when nobody does, and when nothing says where', async () => {
    expect(await answering(200, '<html>')).toMatchObject({
      ok: false,
      observed: expect.stringContaining('not as Prometheus'),
    });
    expect(await answering(200, '{"status":"success","data":{}}')).toMatchObject({ ok: false });
    expect(await ask({ query: 'up', url: 'http://127.0.0.1:9' })).toMatchObject({ ok: false });
    expect(await ask('up')).toMatchObject({ ok: false, observed: expect.stringContaining('nothing says where') });
  });

  it('does not follow to somebody else, and says when a token is asked for', async () => {
    expect(await answering(302, '', { location: 'http://127.0.0.1:9/' })).toMatchObject({ ok: false });
    expect(await answering(401, 'who are you')).toMatchObject({
      ok: false,
      observed: expect.stringContaining('token'),
    });
  });

  it('is red when the server answers and warns that something is missing', async () => {
    const metric = { metric: {}, value: [0, '1'] };
    const partial = {
      status: 'success',
      data: { resultType: 'vector', result: [metric] },
      warnings: ['a store is away'],
    };
    expect(await answering(200, JSON.stringify(partial))).toMatchObject({
      ok: false,
      observed: expect.stringContaining('a store is away'),
    });
  });
});
