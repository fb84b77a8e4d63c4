/**
 * A site as a process of its own, so that it can be killed: node site-process.ts '{"folder":…,"site":…,"at":…}'. With addresses it is a worker of
 * Restate; without, it is the embedded engine, and does what its parent asks of it.
 */
import { flushCompileCache } from 'node:module';
import { deadlyJournal } from '../../procedures/testing/killed-runner.ts';
import { makeBench, type Bench } from '../../procedures/testing/bench.ts';
import type { RunnerTools, StepKind } from '../../procedures/index.ts';
import { embeddedEngine, elsewhereBy, siteWorker, startWorker, type Engine, type SiteWorker } from '../index.ts';
import { plainError } from '../plain-error.ts';
import { ledgerStep } from './ledger-step.ts';

export interface SiteOptions {
  readonly folder: string;
  readonly site: string;
  /** Of the plan as this process finds it. */
  readonly planHash?: string;
  readonly at?: string;
  readonly admin?: string;
  readonly port?: number;
  readonly patienceMs?: number;
  /** Its steps take no time, whatever they say. */
  readonly hurried?: boolean;
  /** It kills itself at this call of its journal. */
  readonly deadly?: { readonly call: number; readonly when: 'before' | 'after' };
}

export type EngineCall = 'start' | 'signal' | 'cancel' | 'result';

export interface AskedOfSite {
  readonly id: number;
  readonly call: EngineCall;
  readonly with: readonly unknown[];
}

export const siteBench = ({
  folder,
  planHash = 'plan-hash',
  hurried = false,
}: Pick<SiteOptions, 'folder' | 'planHash' | 'hurried'>): Bench =>
  makeBench({
    folder,
    kinds: [ledgerStep(hurried) as StepKind],
    plan: {
      hash: planHash,
      contacts: new Map([
        ['lead', { role: 'lead' }],
        ['duty', {}],
        ['boss', {}],
      ]),
    },
  });

/** The hands of a site: what it did is counted, for tests that want to know how often it was asked. */
export function actionsOf(bench: Bench, { site, at, deadly }: SiteOptions): SiteWorker {
  const journal = deadly === undefined ? bench.journal : deadlyJournal(bench.journal, deadly.call, deadly.when);
  const workspace = { ...bench.workspace, journal };
  const { clock } = workspace;
  const tools: RunnerTools = {
    ...bench.tools,
    workspace,
    ...(at === undefined ? {} : { elsewhere: elsewhereBy({ at, site, clock }) }),
  };
  return siteWorker({
    name: site,
    tools,
    environment: async (name) => ({ ...bench.environment, name }),
    ...(at === undefined ? {} : { engine: { name: 'restate', site, at } }),
  });
}

if (process.argv[1]?.endsWith('site-process.ts') === true) {
  // Else it is written when a process ends by itself, which these never do.
  flushCompileCache();
  const options = JSON.parse(process.argv[2] ?? '{}') as SiteOptions;
  // Who started it is gone: nobody would end it.
  process.on('disconnect', () => process.exit());
  const bench = siteBench(options);
  const actions = actionsOf(bench, options);
  if (options.admin === undefined) beEngine(options, bench, actions);
  else {
    await startWorker({
      site: options.site,
      actions,
      listen: { host: '127.0.0.1', port: options.port ?? 0 },
      admin: options.admin,
      identityKeys: [],
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    });
    process.send?.({ ready: true });
  }
}

function beEngine({ planHash = 'plan-hash' }: SiteOptions, bench: Bench, actions: SiteWorker): void {
  const { journal, clock } = bench.workspace;
  const engine = embeddedEngine({ actions, journal, clock, planHash });
  process.on('message', (asked: AskedOfSite) => void answer(engine, asked));
  process.send?.({ ready: true });
}

async function answer(engine: Engine, { id, call, with: words }: AskedOfSite): Promise<void> {
  try {
    const perform = engine[call] as (...all: readonly unknown[]) => Promise<unknown>;
    process.send?.({ id, value: await perform(...words) });
  } catch (error) {
    process.send?.({ id, error: plainError(error) });
  }
}
