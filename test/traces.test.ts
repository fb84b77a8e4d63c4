import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, systemClock } from '../src/core/index.ts';
import { openJournal } from '../src/journal/index.ts';
import { traceIdOf } from '../src/app/traces/index.ts';
import { makeStore } from '../src/operations/testing/workspace.ts';
import { endOf, Place } from './support/lifeboat.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const plan = `
lifeboat: 1
plan: traced
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
policies: { often: { every: 1h, to: [near] } }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: often }
  gone: { type: files, path: ./gone, domain: here, policy: often }
environments: { bubble: { ephemeral: true } }
scenarios:
  lost:
    loses: { assets: [docs] }
    steps: [{ id: back, restore: docs }]
drills: { weekly: { scenario: lost, every: saturday at 06:00, in: bubble, expect: { rto: 1h } } }
`;

const password = 'a passphrase for tests';
let place: Place;
let receiver: Server;
let heard: { path: string; type: string; headers: NodeJS.Dict<string | string[]>; body: string }[];

beforeEach(async () => {
  process.env['LB_TEST_PASS'] = password;
  place = await Place.make(plan);
  await mkdir(place.path('docs'));
  await writeFile(place.path('docs', 'a.txt'), 'the content of a file');
  await makeStore(place.path('near'));
  heard = [];
  receiver = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const body = Buffer.concat(pieces).toString();
      heard.push({ path, type: String(headers['content-type']), headers, body });
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await place.remove();
});

const standard = (): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-team=boats',
  OTEL_SERVICE_NAME: 'backups of traced',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test%20bench',
});

const run = (words: readonly string[], more: Record<string, string> = {}) =>
  endOf(place.start([...words, '--json'], { ...standard(), ...more }));

const spans = (): Span[] =>
  heard.flatMap(({ body }) =>
    (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(
      ({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
const told = ({ attributes }: Span, key: string): unknown =>
  Object.values(attributes.find((one) => one.key === `lifeboat.${key}`)?.value ?? {})[0];

describe('traces', () => {
  it('of a backup and of a drill reach a receiver by the standard variables, each step in its run, and hold no secret', async () => {
    expect((await run(['backup', 'docs'])).exitCode).toBe(0);
    const [backup] = spans();
    expect(backup?.name).toBe('backup docs');
    expect(backup?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(backup?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(backup === undefined ? undefined : told(backup, 'store')).toBe('near');
    expect(heard[0]).toMatchObject({ path: '/v1/traces', type: 'application/json', headers: { 'x-team': 'boats' } });
    expect(heard[0]?.body).toContain('backups of traced');
    expect(heard[0]?.body).toContain('test bench');

    heard = [];
    const drill = JSON.parse((await run(['drill', 'weekly'])).stdout) as { run: string };
    const all = spans();
    const root = all.find(({ name }) => name === 'drill lost') as Span;
    const step = all.find(({ name }) => name === 'step restore back') as Span;
    const restore = all.find(({ name }) => name === 'restore docs') as Span;
    expect([root.parentSpanId, step.parentSpanId, restore.parentSpanId]).toEqual([undefined, root.spanId, step.spanId]);
    expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([traceIdOf(drill.run)]));
    expect(told(root, 'run')).toBe(drill.run);
    for (const [outer, inner] of [
      [root, step],
      [step, restore],
    ] as const) {
      expect(BigInt(inner.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(outer.startTimeUnixNano));
      expect(BigInt(inner.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(outer.endTimeUnixNano));
    }
    const journal = openJournal(place.path('.lifeboat', 'journal.db'), { clock: systemClock, host: 'here' });
    const [started] = journal.records({ run: drill.run, kinds: ['run.started'] });
    journal.close();
    expect(started?.data['trace']).toBe(root.traceId);

    const sent = heard.map(({ body }) => body).join('');
    for (const secret of [password, 'the content of a file', place.folder, 'LB_TEST_PASS'])
      expect(sent).not.toContain(secret);
  });

  it('name what went wrong by its code, and hang below whoever started us', async () => {
    const parent = { TRACEPARENT: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` };
    expect((await run(['backup', 'gone'], parent)).exitCode).not.toBe(0);
    const [backup] = spans();
    expect(backup).toMatchObject({ name: 'backup gone', traceId: 'ab'.repeat(16), parentSpanId: 'cd'.repeat(8) });
    expect(backup?.status.code).toBe(2);
    expect(backup?.status.message).toMatch(/^[a-z]+\.[a-z_]+$/);
  });

  it('of a receiver that is away or never answers cost the work nothing, and none are made where the standard variables say so', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const deaf = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
      expect((await run(['backup', 'docs'], deaf)).exitCode).toBe(0);
    } finally {
      silent.closeAllConnections();
      await new Promise((resolve) => silent.close(resolve));
    }
    const away = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
    expect((await run(['backup', 'docs'], away)).exitCode).toBe(0);
    expect((await run(['backup', 'docs'], { OTEL_SDK_DISABLED: 'true' })).exitCode).toBe(0);
    expect(heard).toEqual([]);
  });
});
