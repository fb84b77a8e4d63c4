import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Messages } from '../communications/index.ts';
import { startMailServer, type MailBox } from '../communications/testing/mail-server.ts';
import { startReceiver, type Receiver } from '../communications/testing/receiver.ts';
import { silentProgress } from '../core/index.ts';
import { openWorkspace, testChannels, type ChannelTest, type OpenWorkspace } from './index.ts';

let folder: string;
let receiver: Receiver;
let pagerduty: Receiver;
let mail: MailBox;
let workspace: OpenWorkspace;
let notes: string[];

const planWith = (mailPort: number): string => `
lifeboat: 1
plan: shop
domains: { safe: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: safe } }
contacts: { kim: { email: kim@shop.example, phone: "+49 30 1" } }
channels:
  ops: { type: webhook, url: { env: LB_TEST_HOOK }, secret: { env: LB_TEST_HOOK_SECRET }, else: desk }
  desk: { type: smtp, url: "smtp://localhost:${mailPort}", to: [kim] }
  pager: { type: pagerduty, routingKey: { env: LB_TEST_PD }, api: { env: LB_TEST_PD_HOOK } }
  sms: { type: sms, url: { env: LB_TEST_UNSET }, to: [kim], else: here }
  here: { type: console }
`;

beforeEach(async () => {
  notes = [];
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-channels-'));
  [receiver, pagerduty, mail] = await Promise.all([startReceiver(), startReceiver(), startMailServer()]);
  Object.assign(process.env, {
    LB_TEST_PASS: 'a passphrase for tests',
    LB_TEST_HOOK: receiver.url,
    LB_TEST_HOOK_SECRET: 'shared with the receiver',
    LB_TEST_PD: 'x'.repeat(32),
    LB_TEST_PD_HOOK: pagerduty.url,
  });
  delete process.env['LB_TEST_UNSET'];
  await writeFile(join(folder, 'lifeboat.yaml'), planWith(mail.port));
  workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    progress: { ...silentProgress, note: (line) => void notes.push(line) },
  });
});
afterEach(async () => {
  await workspace.close();
  await Promise.all([receiver.close(), pagerduty.close(), mail.close()]);
  await rm(folder, { recursive: true, force: true });
});

const run = (...names: string[]): Promise<ChannelTest[]> =>
  testChannels(workspace, names, new AbortController().signal);
const facts = (): Messages => {
  const messages = new Messages();
  messages.refresh(workspace.journal);
  return messages;
};

describe('a test of channels', () => {
  it('reaches each, marked as what it is, and leaves no case open with who pages people', async () => {
    const tests = await run('ops', 'desk', 'pager', 'here');
    expect(tests.map(({ channel, ok }) => [channel, ok])).toEqual([
      ['ops', true],
      ['desk', true],
      ['pager', true],
      ['here', true],
    ]);
    expect(JSON.parse(receiver.posted[0]?.body ?? '')).toMatchObject({ subject: '[TEST] shop: the channel ops' });
    expect(mail.mails[0]?.raw).toContain('[TEST] shop: the channel desk');
    const events = pagerduty.posted.map(
      ({ body }) => JSON.parse(body) as { event_action: string; payload?: { severity: string }; dedup_key: string },
    );
    expect(events.map(({ event_action: action }) => action)).toEqual(['trigger', 'resolve']);
    expect([new Set(events.map(({ dedup_key: key }) => key)).size, events[0]?.payload?.severity]).toEqual([1, 'info']);
    expect(notes.join('\n')).toContain('[TEST] shop: the channel here');
  });

  it('says which did not take it, why, and which stood in; such a channel is shown until it takes something', async () => {
    receiver.answer = 410;
    const [ops, sms] = await run('ops', 'sms');
    expect(ops).toMatchObject({
      ok: false,
      delivery: { through: 'desk' },
      failed: [/^ops: http:\/\/127.*answers 410/],
    });
    expect(sms).toMatchObject({ ok: false, delivery: { through: 'here' }, failed: [/LB_TEST_UNSET gives no secret/] });
    const failing = (): string[] =>
      [...facts().channels].flatMap(([name, fact]) => (fact.failingSinceMs === undefined ? [] : [name]));
    expect(failing()).toEqual(['ops', 'sms']);
    receiver.answer = 200;
    await run('ops');
    expect(failing()).toEqual(['sms']);
  });

  it('that nobody took is over: it is not sent hours later', async () => {
    await mail.behave('refuses');
    const [desk] = await run('desk');
    expect(desk).toMatchObject({ ok: false, delivery: undefined });
    expect(facts().waiting).toEqual([]);
  });

  it('of a channel that the plan does not have is a mistake, and nobody is told', async () => {
    await expect(run('ops', 'opps')).rejects.toMatchObject({ code: 'plan.unknown_name' });
    expect(receiver.posted).toEqual([]);
  });
});
