import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../plan/index.ts';
import { describeProcedure, planRollback, rollbackRun, type RunResult } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { makeStandIns, type StandIns } from '../../testing/stand-ins/index.ts';
import { provisionStep } from './index.ts';

let folder: string;
let bench: Bench;
let tools: StandIns;
let path: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-provision-'));
  tools = makeStandIns(folder);
  path = process.env['PATH'];
  process.env['PATH'] = tools.environment.PATH;
  const clusters = new Map([
    ['main', { context: 'shop-main' }],
    ['nameless', {}],
  ]);
  const contacts = new Map([['duty', { role: 'on_call' }]]);
  bench = makeBench({ plan: { clusters, contacts } as unknown as Partial<Plan> });
});
afterEach(() => {
  process.env['PATH'] = path;
  bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const settingsOf = (settings: Record<string, unknown>) => ({
  what: 'the shop',
  cluster: 'main',
  env: { LIFEBOAT_STAND_IN: folder },
  ...settings,
});
const stepFor = (settings: Record<string, unknown>) => stepOf('act', 'provision', settingsOf(settings));
const provision = (settings: Record<string, unknown>): Promise<RunResult> => act(bench, stepFor(settings));
const told = async (settings: Record<string, unknown>) => {
  const scenario = scenarioOf(stepFor(settings));
  const [step] = await describeProcedure({
    scenario,
    environment: bench.environment,
    tools: bench.tools,
    incident: brokeNow(),
  });
  return step;
};
const verbs = (): string[] => tools.calls().map(({ words }) => words[0] as string);

describe('provision by helm (a stand-in)', () => {
  const shop = {
    by: 'helm',
    release: 'shop',
    folder: 'charts/shop',
    namespace: 'shop',
    with: { password: 'hidden-value' },
  };

  it('installs a release, and says which revision is there now', async () => {
    expect(await told(shop)).toMatchObject({
      certainty: 'predicted',
      text: expect.stringContaining('it is installed'),
    });
    const { steps } = await provision(shop);
    expect(steps[0]).toMatchObject({ state: 'done', outputs: { release: 'shop', revision: 1 } });
    const upgrade = tools.calls().find(({ words }) => words[0] === 'upgrade');
    expect(upgrade?.words).toEqual(
      expect.arrayContaining(['--install', '--kube-context=shop-main', '--namespace=shop']),
    );
    // What may be secret goes through its input, and not among its words.
    expect(upgrade?.words.join(' ')).not.toContain('hidden-value');
    expect(JSON.parse(upgrade?.piped ?? '')).toEqual({ password: 'hidden-value' });
  });

  it('upgrades one that is there, and takes it back to the revision before', async () => {
    tools.world({ helm: { shop: { version: 3, status: 'deployed', description: 'Upgrade complete' } } });
    expect((await provision(shop)).steps[0]).toMatchObject({ state: 'done', outputs: { revision: 4 } });
    const input = inputOf(provisionStep as never, settingsOf(shop), rememberedBy(bench, 'act')) as never;
    expect(await provisionStep.prove?.(input, handsOf(bench), 'undone')).toMatchObject({ state: 'refuted' });
    expect(await provisionStep.undo?.(input, handsOf(bench))).toMatchObject({ state: 'done' });
    expect(await provisionStep.prove?.(input, handsOf(bench), 'undone')).toMatchObject({ state: 'proved' });
    expect(tools.calls().find(({ words }) => words[0] === 'rollback')?.words).toContain('3');
  });

  it('tried again goes back to what was there before the first try, and not to what that one left', async () => {
    const tried = { ...stepFor(shop), retry: { times: 1, pauseMs: 1 } };
    tools.world({
      helm: { shop: { version: 3, status: 'deployed', description: 'Upgrade complete' } },
      helmFails: 'half',
    });
    expect((await act(bench, tried)).steps[0]).toMatchObject({ state: 'done', attempts: 2, outputs: { revision: 5 } });
    const input = inputOf(provisionStep as never, settingsOf(shop), rememberedBy(bench, 'act')) as never;
    expect(await provisionStep.undo?.(input, handsOf(bench))).toMatchObject({ state: 'done' });
    expect(tools.calls().find(({ words }) => words[0] === 'rollback')?.words).toContain('3');
  });

  it('is taken back by a rollback; a cluster is left to people', async () => {
    tools.world({ helm: { shop: { version: 3, status: 'deployed', description: 'Upgrade complete' } } });
    const { run } = await provision(shop);
    const request = { run, environment: bench.environment, tools: bench.tools, by: { as: 'duty', user: 'operator' } };
    expect((await rollbackRun(request)).steps).toMatchObject([
      { id: 'undo_act', kind: 'undo provision', state: 'done' },
    ]);
    writeFileSync(
      join(bench.folder, 'eks.yaml'),
      'kind: ClusterConfig\nmetadata: { name: main, region: eu-west-1 }\nmanagedNodeGroups: [{ name: web }]\n',
    );
    tools.world({ eksctl: { main: { status: 'ACTIVE', nodes: [] } } });
    const made = await provision({ what: 'the cluster', by: 'eksctl', files: ['eks.yaml'] });
    expect(planRollback(bench.tools, made.run).scenario.steps).toMatchObject([{ kind: 'manual' }]);
  });

  it('does not begin while another change is under way, and fails with the words of the tool', async () => {
    tools.world({ helm: { shop: { version: 3, status: 'pending-upgrade', description: '' } } });
    expect((await provision(shop)).steps[0]).toMatchObject({
      code: 'target.refused',
      summary: expect.stringContaining('pending-upgrade'),
    });
    tools.world({ helm: {}, helmFails: true });
    expect((await provision(shop)).steps[0]?.summary).toContain('timed out waiting');
  });

  it('killed after its upgrade it does not upgrade again; killed before, it does', async () => {
    tools.world({ helm: { shop: { version: 4, status: 'deployed', description: 'Upgrade complete' } } });
    const after = await resumeInterrupted(bench, stepFor(shop), { revision: 3 });
    expect(after.steps[0]).toMatchObject({ state: 'done', attempts: 1, outputs: { revision: 4 } });
    const before = await resumeInterrupted(bench, stepFor(shop), { revision: 4 });
    expect(before.steps[0]).toMatchObject({ state: 'done', attempts: 2, outputs: { revision: 5 } });
  });
});

describe('provision by kubectl (a stand-in)', () => {
  const web = { by: 'kubectl', files: ['k8s/*.json'], namespace: 'shop' };
  beforeEach(() => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2 } };
    writeInPlan('k8s/web.json', JSON.stringify(object));
  });
  const writeInPlan = (name: string, text: string): void => {
    const file = join(bench.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };

  it(
    'applies what differs in the cluster that the plan names, and waits until it is ready',
    { timeout: 15_000 },
    async () => {
      expect(await told(web)).toMatchObject({
        certainty: 'predicted',
        text: expect.stringContaining('Deployment.shop.web'),
      });
      const { steps } = await provision(web);
      expect(steps[0]).toMatchObject({ state: 'done', outputs: { objects: ['Deployment/web'] } });
      expect(
        new Set(tools.calls().flatMap(({ words }) => words.filter((word) => word.startsWith('--context')))),
      ).toEqual(new Set(['--context=shop-main']));
      expect(JSON.stringify(bench.journal.records())).not.toContain('a secret that differs');
      expect(await told(web)).toMatchObject({ certainty: 'proved' });
      expect((await provision(web)).steps[0]?.summary).toContain('it was there');
      expect(verbs().filter((verb) => verb === 'apply')).toHaveLength(1);
    },
  );

  it('trap "wrong host": without the name that its tools have for the cluster nothing is touched', async () => {
    for (const cluster of ['nameless', undefined]) {
      const { steps } = await provision({ ...web, cluster });
      expect(steps[0]).toMatchObject({ state: 'failed', code: 'plan.not_executable' });
    }
    expect(tools.calls()).toEqual([]);
  });

  it('fails with the words of the server, and where a file is not there', async () => {
    tools.world({ kubectlRefuses: true });
    expect((await provision(web)).steps[0]).toMatchObject({ summary: expect.stringContaining('is forbidden') });
    const none = { ...web, files: 'k8s/none-*.yaml' };
    expect((await provision(none)).steps[0]).toMatchObject({ code: 'target.unreadable' });
  });

  it('is unknown while the cluster does not answer, and a run that died there asks a person', async () => {
    tools.world({ kubectlAway: true });
    expect(await told(web)).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('i/o timeout') });
    expect((await resumeInterrupted(bench, stepFor(web), {})).verdict).toBe('needs-human');
  });
});

describe('provision by eksctl (a stand-in)', () => {
  const cluster = { what: 'the cluster', by: 'eksctl', files: ['eks.yaml'] };
  beforeEach(() => {
    const metadata = 'metadata: { name: main, region: eu-west-1 }\nmanagedNodeGroups: [{ name: web }]\n';
    writeFileSync(join(bench.folder, 'eks.yaml'), `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n${metadata}`);
  });

  it(
    'makes a cluster that is not there, and waits until it and its nodes are active',
    { timeout: 15_000 },
    async () => {
      expect(await told(cluster)).toMatchObject({
        certainty: 'predicted',
        text: expect.stringContaining('no cluster main'),
      });
      expect((await provision(cluster)).steps[0]).toMatchObject({ state: 'done', outputs: { cluster: 'main' } });
      expect((await provision(cluster)).steps[0]?.summary).toContain('it was there');
      expect(verbs().filter((verb) => verb === 'create')).toHaveLength(1);
    },
  );

  it('takes nothing that is not found for a cluster that is not there, unless it is said of this one', async () => {
    for (const eksctlSays of [
      'Error: getting AWS config: profile "prod" not found',
      'Error: ResourceNotFoundException: No cluster found for name: main-old.',
    ]) {
      tools.world({ eksctlSays });
      expect((await provision(cluster)).steps[0]).toMatchObject({ state: 'failed', code: 'target.unreachable' });
    }
    expect(verbs()).not.toContain('create');
  });

  it('makes only the nodes where the cluster is there', async () => {
    tools.world({ eksctl: { main: { status: 'ACTIVE', nodes: [] } } });
    expect((await provision(cluster)).steps[0]?.state).toBe('done');
    expect(tools.calls().find(({ words }) => words[0] === 'create')?.words).toEqual([
      'create',
      'nodegroup',
      expect.stringContaining('eks.yaml'),
    ]);
  });

  it('makes no second one of a cluster that failed: people look', async () => {
    tools.world({ eksctl: { main: { status: 'FAILED', nodes: [] } } });
    expect((await provision(cluster)).steps[0]).toMatchObject({
      state: 'failed',
      summary: expect.stringContaining('FAILED'),
    });
    expect(verbs()).not.toContain('create');
  });
});

describe('provision', () => {
  it('is not exercised in a drill, and refused where nothing makes it', async () => {
    expect(provisionStep.notYet?.('a new place')).toContain('by what');
    expect(provisionStep.notYet?.({ what: 'the database', by: 'sql' })).toContain('by sql');
    expect(provisionStep.notYet?.({ what: 'it', by: 'terraform', folder: 'infra' })).toBeUndefined();
    expect((await provision({ by: 'cloud' })).steps[0]).toMatchObject({ code: 'plan.not_executable' });
  });

  it('says that the program is not there', async () => {
    process.env['PATH'] = folder;
    const { steps } = await provision({ by: 'helm', release: 'shop', folder: 'shop' });
    expect(steps[0]).toMatchObject({ state: 'failed', code: 'process.missing' });
  });
});
