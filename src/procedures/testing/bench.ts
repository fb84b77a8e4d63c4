import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkKinds } from '../../checks/index.ts';
import { LifeboatError, silentProgress, systemClock, type Clock } from '../../core/index.ts';
import { openJournal, type Journal } from '../../journal/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { Plan, Scenario, StepDeclaration } from '../../plan/index.ts';
import type { Environment, RunnerTools, StepKind } from '../index.ts';
import { stepKinds } from '../steps/index.ts';

/** What the tests of the runner work with: a real journal, real steps and a folder; only plan and assets are written by hand. */
export interface Bench {
  readonly folder: string;
  readonly journal: Journal;
  readonly workspace: Workspace;
  readonly environment: Environment;
  readonly tools: RunnerTools;
  readonly messages: { key: string; channel: string; subject: string; body: string }[];
  close(): void;
}

export function makeBench(
  options: { folder?: string; kinds?: readonly StepKind[]; plan?: Partial<Plan>; clock?: Clock } = {},
): Bench {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'lifeboat-bench-'));
  const stateFolder = join(folder, 'state');
  mkdirSync(join(stateFolder, 'locks'), { recursive: true });
  const clock = options.clock ?? systemClock;
  const journal = openJournal(join(stateFolder, 'journal.db'), { clock, host: 'bench' });
  const whole = workspaceIn(folder, stateFolder, journal);
  const workspace = { ...whole, clock, plan: { ...whole.plan, ...options.plan } };
  const environment = environmentIn(folder);
  const messages: Bench['messages'] = [];
  const tools: RunnerTools = {
    workspace,
    stepKinds: [...stepKinds, ...(options.kinds ?? [])],
    checkKinds,
    backup: notHere,
    planRestore: notHere,
    restore: notHere,
    notify: async (message) => {
      messages.push(message);
      return `told ${message.channel}`;
    },
  };
  const close = (): void => {
    journal.close();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  return { folder, journal, workspace, environment, tools, messages, close };
}

async function notHere(): Promise<never> {
  throw new LifeboatError('point.none', 'this bench has no repository');
}

export function environmentIn(folder: string): Environment {
  return {
    name: 'production',
    protected: true,
    ephemeral: false,
    folder,
    settingsFolder: join(folder, 'settings'),
    serviceUrl: () => undefined,
    newTarget: (asset) => join(folder, 'restored', asset),
    adopt: () => {},
  };
}

export function scenarioOf(...steps: readonly StepDeclaration[]): Scenario {
  return {
    name: 'broken',
    trigger: undefined,
    loses: { assets: [], domains: [] },
    severity: undefined,
    objectives: {},
    steps,
    hash: 'scenario-hash',
  };
}

export function stepOf(
  id: string,
  kind: string,
  settings: unknown,
  more: Partial<StepDeclaration> = {},
): StepDeclaration {
  return {
    id,
    kind,
    settings,
    siblings: {},
    needs: undefined,
    if: undefined,
    budgetMs: undefined,
    timeoutMs: undefined,
    retry: { times: 0, pauseMs: 0 },
    steps: [],
    place: { file: 'plan.yaml', line: 1, column: 1, path: `scenarios.broken.steps.${id}` },
    ...more,
  };
}

/** Now is the impact, the declaration and the last good moment. */
export const brokeNow = (clock: Clock = systemClock): { impactMs: number; declaredMs: number; lastGoodMs: number } => {
  const now = clock.now();
  return { impactMs: now, declaredMs: now, lastGoodMs: now };
};

function workspaceIn(folder: string, stateFolder: string, journal: Journal): Workspace {
  return {
    plan: planIn(folder),
    clock: systemClock,
    journal,
    stateFolder,
    host: 'bench',
    tool: 'lifeboat bench',
    progress: silentProgress,
    asset: (name) => {
      throw new LifeboatError('plan.unknown_name', `the plan has no asset ${name}`);
    },
    repository: async (store) => {
      throw new LifeboatError('plan.unknown_name', `the plan has no store ${store}`);
    },
    place: async (store) => {
      throw new LifeboatError('plan.unknown_name', `the plan has no store ${store}`);
    },
  };
}

const planIn = (folder: string): Plan => ({
  name: 'bench',
  file: join(folder, 'plan.yaml'),
  folder,
  hash: 'plan-hash',
  timezone: 'UTC',
  owner: undefined,
  about: undefined,
  version: undefined,
  review: {},
  goals: [],
  tool: {},
  parameters: new Map(),
  objectives: {},
  ranks: new Map(),
  domains: new Map(),
  keys: new Map(),
  stores: new Map(),
  policies: new Map(),
  assets: new Map(),
  excluded: new Map(),
  exclusions: new Map(),
  services: new Map(),
  clusters: new Map(),
  environments: new Map(),
  documents: new Map(),
  readiness: new Map(),
  windows: new Map(),
  contacts: new Map(),
  categories: new Map(),
  severities: new Map(),
  escalate: [],
  incidents: {},
  channels: new Map(),
  templates: new Map(),
  checklists: new Map(),
  scenarios: new Map(),
  drills: new Map(),
  exercises: new Map(),
  alerts: new Map(),
  commands: new Map(),
  waivers: [],
});
