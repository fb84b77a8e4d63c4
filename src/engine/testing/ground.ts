import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, systemClock } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { snapshotOf } from '../../procedures/index.ts';
import { brokeNow, scenarioOf, stepOf, type Bench } from '../../procedures/testing/bench.ts';
import { restateEngine, type Engine, type RunOrder } from '../index.ts';
import { linesIn } from '../../testing/lines.ts';
import { RestateServer } from './restate-server.ts';
import { Gone, SiteChild } from './site-child.ts';
import { siteBench, type SiteOptions } from './site-process.ts';

/** An engine, and the site that leads its runs as a process that may be killed. */
export interface Ground {
  readonly engine: Engine;
  /** Reads the records of the site. */
  readonly bench: Bench;
  readonly ledger: string;
  kill(): Promise<void>;
  /** Again, on what the last one left. */
  start(more?: Partial<SiteOptions>): Promise<SiteChild>;
  close(): Promise<void>;
}

export const site = 'home';

export async function embeddedGround(): Promise<Ground> {
  const folder = newFolder();
  let child: SiteChild;
  const start = async (more: Partial<SiteOptions> = {}): Promise<SiteChild> => {
    child = await SiteChild.start({ folder, site, ...more });
    return child;
  };
  await start();
  const engine: Engine = {
    name: 'embedded',
    start: (order) => child.ask('start', order),
    signal: (address, word) => child.ask('signal', address, word),
    cancel: (address, by, reason) => child.ask('cancel', address, by, reason),
    result: async (address, heard) => {
      for (;;) {
        try {
          return await child.ask('result', address, heard);
        } catch (error) {
          if (!(error instanceof Gone)) throw error;
          await systemClock.sleep(50); // whoever comes next knows from the journal
        }
      }
    },
    close: async () => {},
  };
  return groundOn(folder, engine, start, () => child.kill());
}

export async function restateGround(server: Pick<RestateServer, 'at' | 'admin'>): Promise<Ground> {
  const folder = newFolder();
  const port = await freePort();
  const { at, admin } = server;
  let child: SiteChild | undefined;
  const start = async (more: Partial<SiteOptions> = {}): Promise<SiteChild> => {
    child = await SiteChild.start({ folder, site, at, admin, port, ...more });
    return child;
  };
  await start();
  return groundOn(folder, restateEngine({ at, clock: systemClock }), start, async () => child?.kill());
}

function groundOn(folder: string, engine: Engine, start: Ground['start'], kill: Ground['kill']): Ground {
  const bench = siteBench({ folder });
  return {
    engine,
    bench,
    ledger: join(folder, 'ledger'),
    start,
    kill,
    close: async () => {
      await kill();
      bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'lifeboat-engine-'));

let runs = 0;

export function orderOf(scenario: Scenario, more: Partial<RunOrder> = {}): RunOrder {
  runs += 1;
  return {
    run: `01kanengine${String(runs).padStart(6, '0')}${String(process.pid).padStart(9, '0')}`,
    site,
    scenario: snapshotOf(scenario),
    planHash: 'plan-hash',
    environment: 'production',
    incident: brokeNow(),
    by: { as: 'duty', user: 'operator' },
    ...more,
  };
}

/** A step whose effect is a line with its own name. */
export const writes = (
  { ledger }: Pick<Ground, 'ledger'>,
  line: string,
  more: { takesMs?: number; staysMs?: number; site?: string } = {},
): ReturnType<typeof stepOf> => {
  const { site: where, ...settings } = more;
  return stepOf(line, 'ledger', { ledger, line, ...settings }, where === undefined ? {} : { site: where });
};

export const steps = scenarioOf;

/** Resolves when it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await systemClock.sleep(20);
}

export const effects = ({ ledger }: Pick<Ground, 'ledger'>, prefix: string): string[] =>
  linesIn(ledger).filter((line) => line.startsWith(prefix));
