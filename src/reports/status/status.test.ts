import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWorkspacePlan } from '../../app/index.ts';
import { isoTime, LifeboatError } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { ListedPoint } from '../../operations/index.ts';
import type { Plan, Policy } from '../../plan/index.ts';
import { statusJson, statusOf, type StatusFacts } from './index.ts';

const hour = 3_600_000;
const nowMs = Date.parse('2026-11-21T12:00:00Z');
const text = `
lifeboat: 1
plan: shop
timezone: UTC
domains: { safe: {}, here: {}, there: {} }
objectives: { rpo: 4h }
ranks: { critical: { rpo: 2h } }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
policies:
  p: { every: 1h, to: [near], copy: { to: [far], within: 10m }, verify: { every: 1d } }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: p }
services: { site: { rank: critical, needs: [docs] } }
scenarios:
  fire: { trigger: fire, loses: { domains: [here] }, steps: [{ id: bring_back, restore: docs, into: new }] }
drills: { try_it: { scenario: fire, every: monthly, in: bubble } }
`;

let folder: string;
let plan: Plan;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-status-'));
  await writeFile(join(folder, 'lifeboat.yaml'), text);
  plan = await loadWorkspacePlan(join(folder, 'lifeboat.yaml'));
});
afterAll(() => rm(folder, { recursive: true }));

const point = (id: string, ageMs: number, stores: readonly string[], more: Partial<ListedPoint> = {}): ListedPoint => {
  const atMs = nowMs - ageMs;
  const facts = { atMs, kind: 'tree', source: { id: 's', description: 's' }, facts: {}, warnings: [] };
  const sizes = { bytes: 1, files: 1, storedBytes: 1, seconds: 1 };
  const about = { asset: 'docs', assetType: 'files', kind: 'tree', host: 'h', planHash: '', tool: 't 1' };
  return {
    point: { id, atMs, createdMs: atMs, ...sizes, ...about, facts },
    stores,
    since: {},
    verifiedMs: undefined,
    damagedIn: [],
    provenMs: undefined,
    ...more,
  };
};

const record = (kind: string, agoMs: number, data: Record<string, unknown>, run?: string): JournalRecord => ({
  sequence: 1,
  atMs: nowMs - agoMs,
  kind,
  run,
  data,
  hash: '',
});

const restored = (agoMs: number, more: Record<string, unknown> = {}): JournalRecord =>
  record('restore.finished', agoMs, { asset: 'docs', point: 'a', tool: 't 1', assetHash: 'h1', ...more });
const drilled = (agoMs: number, more: Record<string, unknown> = {}, verdict = 'pass'): JournalRecord[] => [
  record(
    'run.started',
    agoMs,
    { scenario: 'fire', scenarioHash: plan.scenarios.get('fire')?.hash, tool: 't 1', ...more },
    'r',
  ),
  record('drill.finished', agoMs, { drill: 'try_it', verdict, rtoSeconds: 3, rpoSeconds: 0 }, 'r'),
];
const read = (agoMs: number, sound = true, tool = 't 1') =>
  new Map(['near', 'far'].map((store) => [store, { atMs: nowMs - agoMs, sound, tool }]));

/** A plan that keeps every promise, unless a fact is changed. */
const facts = (change: Partial<StatusFacts> = {}): StatusFacts => ({
  plan,
  nowMs,
  tool: 't 1',
  findings: [],
  points: [point('a', hour / 2, ['near', 'far'])],
  unanswered: [],
  damage: [],
  verified: new Map([['a', read(hour / 4)]]),
  assetHashes: new Map([['docs', 'h1']]),
  schedule: { keptMs: undefined, hold: undefined, allAnswered: true, tasks: [] },
  outside: new Set(),
  sources: new Map(),
  logs: new Map(),
  records: [restored(2 * hour), ...drilled(hour)],
  ...change,
});
const levelOf = (change: Partial<StatusFacts>): unknown => statusOf(facts(change)).scenarios[0]?.level;
const codesOf = (change: Partial<StatusFacts>): string[] => statusOf(facts(change)).problems.map(({ code }) => code);

describe('readiness', () => {
  it('says nothing is wrong when every promise is kept, and how old each proof is', () => {
    const status = statusOf(facts());
    expect(status.problems).toEqual([]);
    const [fire] = status.scenarios;
    expect(fire).toMatchObject({
      level: 'rehearsed',
      atMs: nowMs - hour,
      missing: undefined,
      lastDrill: { verdict: 'pass' },
    });
    expect(fire?.levels.map(({ level, atMs }) => [level, atMs])).toEqual([
      ['declared', undefined],
      ['checked', nowMs],
      ['protected', nowMs - hour / 2],
      ['verified', nowMs - hour / 4],
      ['restored', nowMs - 2 * hour],
      ['rehearsed', nowMs - hour],
    ]);
    expect(status.services).toMatchObject([
      { service: 'site', worst: { scenario: 'fire', level: 'rehearsed' }, verdict: 'ok' },
    ]);
  });

  it('is red about what was never done, from the first day on', () => {
    expect(codesOf({ points: [], verified: new Map(), records: [] })).toEqual(['no_point', 'drill']);
    expect(codesOf({ verified: new Map() })).toEqual(['verify', 'verify']);
    expect(statusOf(facts({ records: [] })).keys).toMatchObject([{ key: 'main', testedMs: undefined }]);
  });

  it('falls to the level that still holds when plan, asset or program changed', () => {
    expect(levelOf({ records: [restored(hour), ...drilled(hour, { scenarioHash: 'another' })] })).toBe('restored');
    expect(levelOf({ assetHashes: new Map([['docs', 'h2']]) })).toBe('verified');
    expect(levelOf({ tool: 't 2' })).toBe('protected');
    expect(levelOf({ records: [...drilled(hour)] })).toBe('verified');
    expect(levelOf({ points: [point('a', 3 * hour, ['near', 'far'])] })).toBe('checked');
    const error = {
      code: 'x',
      severity: 'error',
      file: '',
      line: 1,
      column: 1,
      message: 'm',
      hint: undefined,
    } as const;
    expect(levelOf({ findings: [{ ...error, path: 'scenarios.fire.steps' }] })).toBe('declared');
    expect(levelOf({ findings: [{ ...error, path: 'scenarios.fire_2.steps' }] })).toBe('rehearsed');
  });

  it('does not count what a scenario takes away: a point in the burnt store protects nothing', () => {
    expect(levelOf({ points: [point('a', hour / 2, ['near'])] })).toBe('checked');
  });

  it('judges what would be lost against the strictest target, and an idle source lost nothing', () => {
    const old = { points: [point('a', 3 * hour, ['near', 'far'])] };
    const ofAsset = (change: Partial<StatusFacts>) => statusOf(facts({ ...old, ...change })).assets[0];
    expect(ofAsset({})).toMatchObject({
      verdict: 'breached',
      loss: { ms: 3 * hour, atMost: true },
      target: { ms: 2 * hour },
    });
    const idle = new Map([['docs', { atMs: nowMs - 4 * hour }]]);
    expect(ofAsset({ sources: idle })).toMatchObject({ verdict: 'ok', loss: { ms: 0 } });
    const busy = new Map([['docs', { atMs: nowMs - 1 }]]);
    expect(ofAsset({ sources: busy })).toMatchObject({ verdict: 'breached', loss: { ms: 3 * hour, atMost: false } });
    const moved = point('a', hour, ['near']);
    const newest = { ...moved.point.facts, newest: { atMs: nowMs - 4 * hour, token: 'one' } };
    const points = [{ ...moved, point: { ...moved.point, facts: newest } }];
    const other = new Map([['docs', { atMs: nowMs - 4 * hour, token: 'two' }]]);
    expect(ofAsset({ points, sources: other })?.loss.ms).toBe(hour);
  });

  it('says of a source that cannot be asked why, and when a point or the log shows it alive last', () => {
    const old = { points: [point('a', 3 * hour, ['near', 'far'])], silent: new Map([['docs', 'refused']]) };
    const ofAsset = (change: Partial<StatusFacts>) => statusOf(facts({ ...old, ...change })).assets[0];
    const how = (what: string, alive: string) =>
      `${what} ago; the source cannot be asked (refused), and was alive ${alive} ago: nobody knows what was committed since`;
    expect(ofAsset({})).toMatchObject({
      silent: { reason: 'refused', aliveMs: nowMs - 3 * hour },
      loss: { ms: 3 * hour, atMost: true, how: how('the point is of 3 h', '3 h') },
    });
    const logs = new Map([['docs', new Map([['far', { completeMs: nowMs - hour, from: 'log' as const }]])]]);
    expect(ofAsset({ logs })).toMatchObject({ loss: { ms: hour, how: how('the log reaches 1 h', '1 h') } });
    expect(ofAsset({ points: [] })?.silent).toEqual({ reason: 'refused', aliveMs: undefined });
  });

  it('takes the reach of a log before the age of a point, and the word of a running stream before both', () => {
    const points = [point('a', 3 * hour, ['near', 'far'])];
    const log = (behindMs?: number) => {
      const reach = { completeMs: nowMs - 90_000, from: 'log' as const };
      return new Map([['docs', new Map([['near', behindMs === undefined ? reach : { ...reach, behindMs }]])]]);
    };
    const lossOf = (change: Partial<StatusFacts>) => statusOf(facts({ points, ...change })).assets[0]?.loss;
    expect(lossOf({ logs: log() })).toMatchObject({ ms: 90_000, atMost: true, store: 'near' });
    expect(lossOf({ logs: log(), sources: new Map([['docs', { atMs: nowMs - hour }]]) })?.ms).toBe(0);
    expect(lossOf({ logs: log(700) })?.ms).toBe(700);
    expect(lossOf({ logs: log(), points: [] })?.ms).toBe(undefined);
  });

  it('sends whoever loses for want of a stream to its server and the stream, not to a backup that nobody can take', () => {
    const policy = plan.policies.get('p') as Policy;
    const streams = { to: ['near'], mode: 'async', everyMs: 1_000 } as unknown as Policy['streams'];
    const streamed = { ...plan, policies: new Map([['p', { ...policy, streams }]]) };
    const hintOf = (change: Partial<StatusFacts>) =>
      statusOf(
        facts({ plan: streamed, points: [point('a', 3 * hour, ['near', 'far'])], ...change }),
      ).assets[0]?.problems.find(({ code }) => code === 'rpo')?.hint;
    const reach = (from: 'log' | 'stream') =>
      new Map([['docs', new Map([['near', { completeMs: nowMs - 2.5 * hour, from }]])]]);
    expect(hintOf({ logs: reach('log') })).toMatch(
      /^no stream of docs runs.*lifeboat check --live.*lifeboat stream docs$/,
    );
    expect(hintOf({ logs: reach('stream') })).toBe('lifeboat backup docs');
    // One that has begun is not told to begin.
    const begun = { logs: reach('log'), streams: new Map([['docs', {}]]) };
    expect(hintOf(begun)).toMatch(/^the stream of docs runs, and has not said yet what could be lost/);
    const waiting = { logs: reach('log'), streams: new Map([['docs', { waitsFor: 'nobody answers' }]]) };
    expect(hintOf(waiting)).toBe('the stream of docs runs, and waits: nobody answers');
  });

  it('does not ask for a first point that is on its way: while one is taken, and while a stream is at work that takes it', () => {
    const hintOf = (change: Partial<StatusFacts>) =>
      statusOf(facts({ points: [], ...change })).assets[0]?.problems.find(({ code }) => code === 'no_point')?.hint;
    expect(hintOf({})).toBe('lifeboat backup docs');
    expect(hintOf({ taken: new Set(['docs']) })).toBe('one is being taken now: look again when it is there');
    expect(hintOf({ streams: new Map([['docs', {}]]) })).toMatch(
      /^the stream of docs runs, and takes one as soon as it can/,
    );
    expect(hintOf({ streams: new Map([['docs', { waitsFor: 'nobody answers' }]]) })).toMatch(/waits: nobody answers$/);
  });

  it('says where a server lives on another timeline than a restore follows, and how its own comes back', () => {
    const passedBy = { followed: 2, lived: 1 };
    const told = (from: 'log' | 'stream') =>
      statusOf(
        facts({ logs: new Map([['docs', new Map([['near', { completeMs: nowMs, from, passedBy }]])]]) }),
      ).problems.find(({ code }) => code === 'timeline');
    expect(told('stream')).toMatchObject({
      about: 'docs in near',
      words: 'the server lives on timeline 1, and a restore without --timeline follows timeline 2',
      hint: expect.stringMatching(/--timeline 1 brings back/),
    });
    expect(told('log')?.words).toMatch(/^the log goes on later on timeline 1, /);
  });

  it('names moments that a hole in the log has taken, and is calm about one that was told when it came and closed off; a log that nobody could look into is not whole', () => {
    const place = { timeline: 1, from: '0/1', to: '0/2', toTimeline: 1, point: 'a', hasLogBefore: true, damaged: [] };
    const hole = { ...place, reachableMs: nowMs - hour, nextMs: undefined, isTold: false, words: 'the log is missing' };
    const of = (some: object) =>
      statusOf(facts({ holes: [{ asset: 'docs', store: 'near', holes: [], ...some }] })) as ReturnType<typeof statusOf>;
    const open = of({ holes: [hole] });
    expect(open.problems).toMatchObject([
      {
        code: 'log',
        about: 'docs in near',
        words: 'the log is missing',
        hint: expect.stringMatching(/^lifeboat backup docs, .*lifeboat store replicate far near$/) as string,
      },
    ]);
    expect(statusJson(open)['assets']).toMatchObject([
      { stores: [{ holes: [{ lostFrom: isoTime(nowMs - hour), lostTo: null, told: false }] }, { holes: [] }] },
    ]);
    const measured = { completeMs: nowMs, from: 'stream', behindMs: 1000 } as const;
    const holes = [{ asset: 'docs', store: 'near', holes: [{ ...hole, reachableMs: nowMs - hour / 4 }] }];
    const streaming = statusOf(facts({ holes, logs: new Map([['docs', new Map([['near', measured]])]]) }));
    expect(streaming.assets[0]?.stores[0]?.loss).toMatchObject({ ms: hour / 4 });
    expect(of({ holes: [{ ...hole, nextMs: nowMs }] }).problems).toMatchObject([
      { hint: expect.stringMatching(/^what far has of it comes back/) as string },
    ]);
    const told = of({ holes: [{ ...hole, nextMs: nowMs, isTold: true }] });
    expect(told.problems).toEqual([]);
    expect(told.assets[0]?.stores[0]?.holes).toHaveLength(1);
    expect(of({ error: new LifeboatError('check.unanswered', 'no answer in 10 s') }).problems).toMatchObject([
      { code: 'log', words: 'whether moments of the log are lost nobody knows: no answer in 10 s' },
    ]);
  });

  it('says why a stream ended by itself, until the log has gone on in every store', () => {
    const failedStreams = new Map([
      ['docs', { atMs: nowMs - hour, words: 'put back [log.conflict]', hint: undefined }],
    ]);
    const told = (completeMs?: number) => {
      const reach = completeMs === undefined ? [] : [['near', { completeMs, from: 'log' as const }] as const];
      return statusOf(facts({ failedStreams, logs: new Map([['docs', new Map(reach)]]) })).problems.find(
        ({ code }) => code === 'stream',
      );
    };
    const ended = { about: 'docs', words: 'its stream ended: put back [log.conflict]', hint: 'lifeboat stream docs' };
    expect(told()).toMatchObject(ended);
    expect(told(nowMs - 2 * hour)).toMatchObject(ended);
    expect(told(nowMs)).toBe(undefined);
  });

  it('says where the log is of another life than the newest point', () => {
    const found = { words: 'the log is of another server', hint: '--point a' };
    const otherLives = new Map([['docs', new Map([['near', found]])]]);
    expect(statusOf(facts({ otherLives })).problems).toContainEqual({
      code: 'timeline',
      about: 'docs in near',
      ...found,
    });
  });

  it('names a copy that is late, by how long, and forgives one that may still come', () => {
    const late = (ageMs: number): Partial<StatusFacts> => ({
      points: [point('a', hour, ['near', 'far']), point('b', ageMs, ['near'])],
      verified: new Map([['a', read(hour / 4)]]),
    });
    expect(codesOf(late(hour / 2))).toEqual(['copy_late']);
    expect(codesOf(late(hour / 10))).toEqual([]);
    const far = statusOf(facts(late(hour / 10))).assets[0]?.stores[1];
    expect(far).toMatchObject({ role: 'copy', lagMs: hour / 10, waiting: 1, withinMs: hour / 6 });
  });

  it('names damage, points that are due, verifications and drills that are overdue or red', () => {
    const damagedIn = [{ store: 'far', atMs: nowMs }];
    expect(codesOf({ points: [point('a', hour / 2, ['near', 'far'], { damagedIn })] })).toEqual(['damage']);
    expect(codesOf({ points: [point('a', 2 * hour, ['near', 'far'])] })).toEqual(['late']);
    expect(codesOf({ verified: new Map([['a', read(49 * hour)]]) })).toEqual(['verify', 'verify']);
    expect(codesOf({ records: [restored(hour), ...drilled(hour, {}, 'fail')] })).toEqual(['drill']);
    expect(codesOf({ records: [restored(hour), ...drilled(50 * 24 * hour)] })).toEqual(['drill']);
    const failed = record('keys.tested', 1, {
      escrowed: true,
      stores: [{ store: 'near', ok: false, error: { message: 'no' } }],
    });
    expect(codesOf({ records: [restored(hour), ...drilled(hour), failed] })).toEqual(['key']);
  });

  it('never calls unknown ok: a store that is silent makes no verdict green that rests on it', () => {
    const error = new LifeboatError('store.unreachable', 'away');
    const status = statusOf(facts({ points: [], unanswered: ['near', 'far'].map((store) => ({ store, error })) }));
    expect(status.assets[0]).toMatchObject({ verdict: 'unknown', stores: [{ answered: false }, { answered: false }] });
    expect(status.scenarios[0]?.level).toBe('checked');
  });
});
