import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMailServer, type MailBox } from '../communications/testing/mail-server.ts';
import { startReceiver, type Receiver } from '../communications/testing/receiver.ts';
import { silentProgress, systemClock } from '../core/index.ts';
import { runDrill, type DrillResult } from '../drills/index.ts';
import { backup } from '../operations/index.ts';
import type { RunResult } from '../procedures/index.ts';
import { drillEvidence, type Evidence } from '../reports/index.ts';
import { initStore, openWorkspace, recover, registry, runnerTools, type OpenWorkspace } from './index.ts';

const http = ['slack', 'pagerduty', 'webhook', 'sms', 'ticket'] as const;
const kinds = [...http, 'smtp', 'console'] as const;
type Kind = (typeof kinds)[number];

const words = 'The docs are back, say we.';
const hook = (kind: string): string => `LB_TEST_DRILL_${kind.toUpperCase()}`;
const planWith = (mailPort: number): string => `
lifeboat: 1
plan: shop
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: here } }
environments: { here: {} }
contacts: { kim: { email: kim@shop.example, phone: "+49 30 1" } }
channels:
  by_slack: { type: slack, url: { env: ${hook('slack')} } }
  by_pagerduty: { type: pagerduty, routingKey: { env: LB_TEST_PD }, api: { env: ${hook('pagerduty')} } }
  by_webhook: { type: webhook, url: { env: ${hook('webhook')} }, secret: { env: LB_TEST_HOOK_SECRET } }
  by_sms: { type: sms, url: { env: ${hook('sms')} }, to: [kim] }
  by_ticket: { type: ticket, url: { env: ${hook('ticket')} } }
  by_smtp: { type: smtp, url: "smtp://localhost:${mailPort}", to: [kim] }
  by_console: { type: console }
templates: { back: { subject: "{{ plan.name }} is back", body: "${words}" } }
scenarios:
  gone:
    loses: { assets: [docs] }
    steps:
      - { id: bring_back, restore: docs, into: new }
${kinds.map((kind) => `      - { id: tell_${kind}, notify: { channel: by_${kind}, template: back } }`).join('\n')}
      - { id: tell_again, notify: { channel: by_webhook, text: Once more. } }
drills: { weekly: { scenario: gone, in: bubble } }
`;

let folder: string;
let receivers: Record<(typeof http)[number], Receiver>;
let mail: MailBox;
let workspace: OpenWorkspace;
const notes: string[] = [];

/** How often a kind was reached: connections, or lines with the words themselves. */
const reached = (kind: Kind): number =>
  kind === 'console'
    ? notes.filter((line) => line.includes(words)).length
    : (kind === 'smtp' ? mail : receivers[kind]).connections;
const reachedBy = (): Record<string, number> => Object.fromEntries(kinds.map((kind) => [kind, reached(kind)]));

let drill: DrillResult;
let evidence: Evidence;
let written: number;
let duringDrill: Record<string, number>;
let real: RunResult;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-told-nobody-'));
  const started = await Promise.all(http.map(async (kind) => [kind, await startReceiver()] as const));
  receivers = Object.fromEntries(started) as typeof receivers;
  for (const [kind, { url }] of started) process.env[hook(kind)] = url;
  receivers.pagerduty.says = () => ({ body: '{"status":"success","message":"Event processed","dedup_key":"k"}' });
  mail = await startMailServer();
  Object.assign(process.env, {
    LB_TEST_PASS: 'a passphrase for tests',
    LB_TEST_HOOK_SECRET: 'shared with the receiver',
    LB_TEST_PD: 'x'.repeat(32),
  });
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', 'a.txt'), 'kept');
  await writeFile(join(folder, 'lifeboat.yaml'), planWith(mail.port));
  workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    progress: { ...silentProgress, note: (line) => void notes.push(line) },
  });
  await initStore(workspace.plan, 'near', systemClock);
  await backup(workspace, 'docs');

  const weekly = workspace.plan.drills.get('weekly');
  if (weekly === undefined) throw new Error('the plan of this test has a drill');
  drill = await runDrill({ drill: weekly, tools: runnerTools(workspace) });
  evidence = drillEvidence(workspace.journal.records({ run: drill.run }));
  written = workspace.journal.records({ kinds: ['message.*'] }).length;
  duringDrill = reachedBy();
  real = await recover(workspace, { scenario: 'gone' });
});
afterAll(async () => {
  await workspace.close();
  await Promise.all([...Object.values(receivers), mail].map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('a drill tells nobody', () => {
  it('and every kind of channel that there is is looked at', () => {
    expect(registry.channels.map(({ type }) => type).toSorted()).toEqual([...kinds].toSorted());
  });

  it.each(kinds)('by %s: nobody is connected to, and the evidence says that it was not exercised', (kind) => {
    expect(duringDrill[kind]).toBe(0);
    const step = evidence.steps.find(({ id }) => id === `tell_${kind}`);
    expect(step).toMatchObject({ state: 'skipped', summary: expect.stringMatching(/^not exercised: /) });
    expect(evidence.messages).toContainEqual({ channel: `by_${kind}`, subject: 'shop is back' });
    expect(evidence.notExercised).toContainEqual(expect.stringMatching(`^step tell_${kind}: a drill tells nobody; `));
    const line = evidence.notExercised.find((one) => one.startsWith(`channel by_${kind} (${kind}): `));
    const kept = kind === 'webhook' ? '2 messages were kept' : '1 message was kept';
    expect(line).toContain(`${kept} in the bubble; lifeboat channel test by_${kind}`);
  });

  it.each(kinds)('and the same step of the real day tells once by %s', (kind) => {
    expect(real.steps.find(({ id }) => id === `tell_${kind}`)).toMatchObject({ state: 'done' });
    expect(reached(kind)).toBe(kind === 'webhook' ? 2 : 1);
  });

  it('is as good as it was without them, counts none of them as done, and leaves nothing for later', () => {
    expect([drill.verdict, drill.procedure.verdict, real.verdict]).toEqual(['pass', 'done', 'done']);
    expect(evidence.criteria.map(({ text }) => text)).not.toContainEqual(expect.stringContaining('every step'));
    expect(evidence.scope).toContain(`1 of ${kinds.length + 2} steps done`);
    expect(written).toBe(0);
  });
});
