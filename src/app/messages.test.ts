import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../communications/testing/receiver.ts';
import { silentProgress } from '../core/index.ts';
import { checkPlan } from '../plan/index.ts';
import { openWorkspace, recover, registry, resume, type OpenWorkspace } from './index.ts';

const plan = `
lifeboat: 1
plan: shop
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { orders: { type: files, path: ./orders, domain: here } }
services: { till: { needs: [orders] } }
environments: { here: {} }
channels:
  hook: { type: webhook, url: { env: LB_TEST_HOOK }, secret: { env: LB_TEST_HOOK_SECRET } }
  ops: { type: webhook, url: { env: LB_TEST_HOOK }, else: desk }
  desk: { type: console }
templates:
  open: { subject: "{{ scenario.service }} is down", body: "Since {{ incident.start }}; back at {{ incident.end }}." }
scenarios:
  told: { trigger: no sales, loses: { assets: [orders] }, steps: [{ id: tell, notify: { channel: ops, template: open } }] }
  here: { steps: [{ id: tell, notify: { channel: console, text: It is back. } }] }
  strict: { steps: [{ id: tell, notify: { channel: hook, text: Down. } }] }
  relaxed: { steps: [{ id: tell, notify: { channel: hook, text: Down., optional: true } }, { id: rest, wait: 10ms }] }
`;

let folder: string;
let receiver: Receiver;
let workspace: OpenWorkspace;
let notes: string[];
beforeEach(async () => {
  notes = [];
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-messages-'));
  receiver = await startReceiver();
  Object.assign(process.env, {
    LB_TEST_PASS: 'a passphrase for tests',
    LB_TEST_HOOK: receiver.url,
    LB_TEST_HOOK_SECRET: 'shared with the receiver',
  });
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    progress: { ...silentProgress, note: (line) => void notes.push(line) },
  });
});
afterEach(async () => {
  await workspace.close();
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

const posted = (): { subject: string; body: string; key: string }[] =>
  receiver.posted.map(({ body }) => JSON.parse(body) as { subject: string; body: string; key: string });

describe('a step that tells people', () => {
  it('is something that can be executed', async () => {
    const { findings } = await checkPlan(join(folder, 'lifeboat.yaml'), registry);
    expect(findings.filter(({ code }) => code === 'plan.not_executable')).toEqual([]);
  });

  it('posts the template with what is known, and shows what is not as a hole', async () => {
    const run = await recover(workspace, { scenario: 'told' });
    expect(run).toMatchObject({ verdict: 'done', steps: [{ summary: expect.stringMatching(/^told ops \(/) }] });
    expect(posted()).toMatchObject([{ subject: 'till is down', key: `${run.run}/tell` }]);
    expect(posted()[0]?.body).toMatch(/^Since 20\d\d-.*Z; back at \(incident\.end: not known\)\.$/);
    expect(JSON.stringify(workspace.journal.records())).not.toContain('path-that-lets-one-in');
  });

  it('tells whoever sits in front of the console, which no plan has to declare', async () => {
    const run = await recover(workspace, { scenario: 'here' });
    expect(run).toMatchObject({ verdict: 'done', steps: [{ summary: 'told console (this console)' }] });
    expect(notes.join('\n')).toContain('It is back.');
  });

  it('goes through the channel that stands in when the first refuses', async () => {
    receiver.answer = 410;
    const run = await recover(workspace, { scenario: 'told' });
    expect(run.steps[0]).toMatchObject({ state: 'done', summary: expect.stringMatching(/told desk .* because ops: /) });
    expect(notes.join('\n')).toContain('till is down');
  });

  it('fails when nobody was told, and says the same once when the run goes on', async () => {
    receiver.answer = 410;
    const { run, steps } = await recover(workspace, { scenario: 'strict' });
    expect(steps[0]).toMatchObject({ state: 'failed', code: 'message.undelivered' });
    // Whoever sits here reads it at least.
    expect(notes.join('\n')).toContain('Down.');
    receiver.answer = 200;
    expect(await resume(workspace, { run, answer: { step: 'tell', is: 'again', by: 'kim' } })).toMatchObject({
      verdict: 'done',
    });
    expect(posted()).toHaveLength(2);
    expect(new Set(posted().map(({ key }) => key))).toEqual(new Set([`${run}/tell`]));
  });

  it('holds nothing up where the plan says that it may not', async () => {
    receiver.answer = 410;
    const run = await recover(workspace, { scenario: 'relaxed' });
    expect(run).toMatchObject({ verdict: 'done', steps: [{ outputs: { told: false } }, { state: 'done' }] });
    expect(run.steps[0]?.summary).toContain('NOT told');
  });
});
