import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../../communications/testing/receiver.ts';
import { limits, ManualClock, silentProgress } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import { openWorkspace, type OpenWorkspace } from '../open.ts';
import { channelsOf, Telling } from './telling.ts';

const plan = `
lifeboat: 1
plan: shop
domains: { safe: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: safe } }
channels: { ops: { type: webhook, url: { env: LB_TEST_HOOK } } }
`;

let folder: string;
let receiver: Receiver;
let workspace: OpenWorkspace;
let clock: ManualClock;
let telling: Telling;
let trouble = 0;
const notes: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-telling-'));
  receiver = await startReceiver();
  Object.assign(process.env, { LB_TEST_PASS: 'a passphrase for tests', LB_TEST_HOOK: receiver.url });
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  clock = new ManualClock(Date.parse('2026-11-21T10:00:00Z'));
  workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    clock,
    progress: silentProgress,
  });
  telling = new Telling(workspace, (words) => notes.push(words));
  trouble = 0;
  notes.length = 0;
});
afterEach(async () => {
  await workspace.close();
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

const look = async (afterMs: number): Promise<string[]> => {
  await clock.advance(afterMs);
  const before = receiver.posted.length;
  const text = `lifeboat_active{plan="shop"} 1\nlifeboat_trouble{plan="shop"} ${trouble}\n`;
  await telling.round(workspace, text, new AbortController().signal);
  return receiver.posted.slice(before).map(({ body }) => {
    const { subject, matter } = JSON.parse(body) as { subject: string; matter: { state: string } };
    return `${matter.state} ${subject}`;
  });
};
const minute = 60_000;
const begins = 'begins [CRITICAL] shop: Nothing can begin: see the log';

describe('serve tells people of alarms through the channels of the plan', () => {
  it('when one begins, again while it lasts, and when it ends; a restart in between tells nothing twice', async () => {
    trouble = 1;
    expect([await look(0), await look(4 * minute)]).toEqual([[], []]);
    expect(await look(minute)).toEqual([begins]);
    expect(await look(minute)).toEqual([]);
    telling = new Telling(workspace, (words) => notes.push(words));
    expect([await look(0), await look(minute)]).toEqual([[], []]);
    expect(await look(limits.alarmRemindMs)).toEqual(['goes_on [CRITICAL] shop: Nothing can begin: see the log']);
    trouble = 0;
    expect(await look(minute)).toEqual([]);
    expect(await look(limits.alarmCalmMs)).toEqual(['ends [OVER] shop: LifeboatTrouble']);
    telling = new Telling(workspace, (words) => notes.push(words));
    expect(await look(minute)).toEqual([]);
    const matters = receiver.posted.map(({ body }) => (JSON.parse(body) as { matter: { id: string } }).matter.id);
    expect(new Set(matters).size).toBe(1);
  });

  it('not of what is over before it lasted, and not of each time that something comes and goes', async () => {
    trouble = 1;
    await look(0);
    await look(5 * minute);
    trouble = 0;
    const said = [await look(minute)];
    trouble = 1;
    said.push(await look(minute));
    trouble = 0;
    said.push(await look(minute));
    expect(said).toEqual([[], [], []]);
  });

  it('what was written down and not handed over is told by the next one', async () => {
    const record = {
      alert: 'LifeboatTrouble',
      beganMs: 1,
      severity: 'critical',
      notify: [],
      of: ['It hangs'],
      told: 1,
    };
    workspace.journal.append('alarm.told', { ...record, state: 'begins' });
    telling = new Telling(workspace, (words) => notes.push(words));
    trouble = 1;
    expect(await look(0)).toEqual(['begins [CRITICAL] shop: It hangs']);
    expect(await look(minute)).toEqual([]);
  });

  it('an alert whose query only a Prometheus understands is named when the plan is taken up, once, and the others are judged', async () => {
    const alert = (query: string) => ({ kind: 'freshness', query, forMs: 0, priority: 'critical', says: query });
    const alerts = new Map([
      ['beyond', alert('rate(lifeboat_trouble[5m]) > 0')],
      ['within', alert('lifeboat_trouble > 0')],
    ]) as unknown as Plan['alerts'];
    workspace = { ...workspace, plan: { ...workspace.plan, alerts } };
    await look(0);
    await look(minute);
    expect(notes).toEqual([expect.stringMatching(/^nobody is told here when beyond rings: .* needs a Prometheus/)]);
  });

  it('what no channel takes waits, and keeps nothing up', async () => {
    receiver.answer = 410;
    trouble = 1;
    await look(0);
    expect(await look(5 * minute)).toEqual([begins]);
    expect(workspace.journal.records({ kinds: ['message.undelivered'] })).toHaveLength(1);
  });
});

describe('whom an alarm is told', () => {
  const told = (severity: string, more: Partial<Plan>, notify: string[] = []) => {
    const channels = new Map([
      ['ops', { type: 'webhook', else: 'desk' }],
      ['desk', { type: 'console' }],
    ]);
    const base = { tool: {}, channels, severities: new Map() };
    return channelsOf({ ...base, ...more } as unknown as Plan, { severity, notify });
  };
  const severities = new Map([
    ['P3', { respondMs: 9_000, notify: ['desk'] }],
    ['P1', { respondMs: 1_000, notify: ['ops', 'desk'] }],
  ]) as unknown as Plan['severities'];

  it('by what the plan says', () => {
    expect(told('critical', { severities }, ['own'])).toEqual(['own']);
    expect(told('critical', { severities })).toEqual(['ops', 'desk']);
    expect(told('warning', { severities })).toEqual(['desk']);
    expect(told('critical', { severities, tool: { alarms: { critical: [] } } })).toEqual([]);
    expect(told('warning', { severities, tool: { alarms: { critical: ['ops'] } } })).toEqual(['ops']);
  });

  it('where it says nothing, every channel that stands in for no other; what is for information is told nobody', () => {
    expect([told('critical', {}), told('info', {})]).toEqual([['ops'], []]);
  });
});
