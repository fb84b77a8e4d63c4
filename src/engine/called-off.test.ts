import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import {
  cancelRun,
  resumeRun,
  rollbackRun,
  runProcedure,
  type Elsewhere,
  type EngineOfRun,
  type RunnerTools,
  type RunResult,
  type StepAnswer,
  type StepKind,
  type StepPacket,
} from '../procedures/index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../procedures/testing/bench.ts';
import { fastClock } from '../procedures/testing/fast-clock.ts';
import { siteWorker, type SiteWorker } from './site.ts';
import { until } from './testing/ground.ts';
import { linesIn } from '../testing/lines.ts';
import { ledgerStep } from './testing/ledger-step.ts';

/** What an engine does for a worker that is away: it keeps what came, and hands it over when there is one, in an order of its own. */
class Mailbox implements Elsewhere {
  readonly site = 'here';
  readonly packets: StepPacket[] = [];
  readonly #kept: { what: string; deliver: (worker: SiteWorker) => Promise<unknown> }[] = [];
  readonly #answers = new Map<string, PromiseWithResolvers<StepAnswer>>();
  #worker: SiteWorker | undefined;

  step(_site: string, packet: StepPacket, signal: AbortSignal): Promise<StepAnswer> {
    const known = this.#answers.get(packet.key);
    const answer = known ?? Promise.withResolvers<StepAnswer>();
    this.#answers.set(packet.key, answer);
    const sent = JSON.parse(JSON.stringify(packet)) as StepPacket;
    this.packets.push(sent);
    const deliver = (worker: SiteWorker): Promise<unknown> =>
      worker.step(sent).then(answer.resolve, () => systemClock.sleep(20).then(() => deliver(worker)));
    const what = packet.undoes === undefined ? 'step' : 'undo';
    if (known === undefined) this.#keep(`${what} ${packet.attempt}`, deliver);
    return new Promise((resolve, reject) => {
      answer.promise.then(resolve, reject);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  async stop(_site: string, key: string): Promise<void> {
    this.#keep('stop', (worker) => worker.stop({ key }));
  }

  get kept(): string[] {
    return this.#kept.map(({ what }) => what);
  }

  /** A worker is there from now on. */
  async hire(worker: SiteWorker, order = this.kept): Promise<void> {
    this.#worker = worker;
    const kept = this.#kept.splice(0).sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
    await Promise.all(kept.map(({ deliver }) => deliver(worker)));
  }

  #keep(what: string, deliver: (worker: SiteWorker) => Promise<unknown>): void {
    if (this.#worker === undefined) this.#kept.push({ what, deliver });
    else void deliver(this.#worker);
  }
}

let here: Bench;
let there: Bench;
let mailbox: Mailbox;
const kinds = [ledgerStep(false) as StepKind];
const by = { as: undefined, user: 'operator' };
beforeEach(() => {
  // An hour of patience takes less than a second here.
  [here, there, mailbox] = [makeBench({ kinds, clock: fastClock(400) }), makeBench({ kinds }), new Mailbox()];
});
afterEach(() => {
  here.close();
  there.close();
});

const worker = (more: { journal?: Journal; clock?: Bench['workspace']['clock'] } = {}): SiteWorker =>
  siteWorker({
    name: 'there',
    tools: { ...there.tools, workspace: { ...there.workspace, ...more } },
    environment: async () => there.environment,
  });
const ledger = (): string[] => linesIn(join(there.folder, 'ledger'));
const writes = (more: { takesMs?: number; staysMs?: number } = {}): ReturnType<typeof stepOf> =>
  stepOf(
    'act',
    'ledger',
    { ledger: join(there.folder, 'ledger'), line: 'done', ...more },
    { site: 'there', timeoutMs: 5_000 },
  );
/** Whoever has to wait for an answer that comes is given all the time of the world. */
const patient = (): RunnerTools => ({
  ...here.tools,
  workspace: { ...here.workspace, clock: systemClock },
  elsewhere: mailbox,
});
const run = (
  step = writes(),
  tools: RunnerTools = { ...here.tools, elsewhere: mailbox },
  engine?: EngineOfRun,
): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(step),
    environment: here.environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
    ...(engine === undefined ? {} : { engine }),
  });
const again = ({ run: id }: Pick<RunResult, 'run'>): Promise<RunResult> =>
  resumeRun({
    run: id,
    environment: here.environment,
    tools: patient(),
    answer: { is: 'again', by: 'duty' },
  });

describe('a step that lies at the engine for a worker that is away', () => {
  it.each([
    ['the call to stop', ['stop', 'step 1', 'step 2']],
    ['the second one', ['step 2', 'step 1', 'stop']],
  ])('and is given up, and asked for again, is done once, when %s comes first', async (_, order) => {
    const waiting = await run();
    expect(waiting).toMatchObject({ verdict: 'needs-human', steps: [{ code: 'step.in_doubt' }] });
    expect(mailbox.kept).toEqual(['step 1', 'stop']);
    const second = again(waiting);
    await until(() => mailbox.kept.includes('step 2'));
    await mailbox.hire(worker(), order);
    expect([(await second).verdict, ledger()]).toEqual(['done', ['done']]);
  });

  it('is not begun after the moment at which nobody waits for it any more', async () => {
    await run();
    const late = { clock: here.workspace.clock };
    await mailbox.hire(worker(late), ['step 1', 'stop']);
    expect(ledger()).toEqual([]);
    const [finished] = there.journal.records({ kinds: ['site.finished'] });
    expect(finished?.data).toMatchObject({ state: 'failed', code: 'step.not_begun' });
  });

  it('does not act when its run was cancelled meanwhile, and is done when that is gone on with', async () => {
    const id = '01kcalledoff00000000000000';
    const running = runProcedure({
      run: id,
      scenario: scenarioOf(writes()),
      environment: here.environment,
      mode: 'real',
      tools: { ...here.tools, elsewhere: mailbox },
      incident: brokeNow(),
    });
    await until(() => mailbox.kept.includes('step 1'));
    cancelRun(here.workspace, { run: id, by });
    await until(() => mailbox.kept.includes('stop'));
    await mailbox.hire(worker(), ['stop', 'step 1']);
    expect(ledger()).toEqual([]);
    // Whether its word came in time or not: no effect is there, and the next one is the first.
    expect((await running).verdict).not.toBe('done');
    expect([(await again({ run: id })).verdict, ledger()]).toEqual(['done', ['done']]);
  });

  it('is not begun when its run was taken back meanwhile, also when that comes first', async () => {
    const engine = { name: 'restate', site: 'here', at: 'http://127.0.0.1:1' };
    const waiting = await run(writes(), { ...here.tools, elsewhere: mailbox }, engine);
    const back = rollbackRun({ run: waiting.run, environment: here.environment, tools: patient(), by });
    await until(() => mailbox.kept.includes('undo 1'));
    // The call to stop lies there longest.
    const hired = worker();
    const [step, undo] = mailbox.packets as [StepPacket, StepPacket];
    await hired.step(undo);
    expect([(await hired.step(step)).finish.code, ledger()]).toEqual(['step.not_begun', []]);
    await mailbox.hire(hired);
    await back;
  });

  it('and still acts when its run is taken back is ended first', async () => {
    const engine = { name: 'restate', site: 'here', at: 'http://127.0.0.1:1' };
    const waiting = await run(writes({ staysMs: 60_000 }), { ...here.tools, elsewhere: mailbox }, engine);
    const hired = worker();
    const doing = hired.step(mailbox.packets[0] as StepPacket);
    await until(() => ledger().length > 0);
    const back = rollbackRun({ run: waiting.run, environment: here.environment, tools: patient(), by });
    await until(() => mailbox.packets.length > 1);
    const undoing = hired.step(mailbox.packets[1] as StepPacket);
    expect((await doing).finish.state).toBe('cancelled');
    await undoing;
    await mailbox.hire(hired);
    await back;
  });

  it('and still acts when it is asked for anew is ended first, and looked at: one effect', async () => {
    const running = run(writes({ staysMs: 60_000 }));
    await until(() => mailbox.packets.length > 0);
    const [first] = mailbox.packets as [StepPacket];
    const hired = worker();
    const doing = hired.step(first);
    await until(() => ledger().length > 0);
    const second = await hired.step({ ...first, key: first.key.replace(/1$/, '2'), attempt: 2 });
    expect([(await doing).finish.state, second.finish.state, ledger()]).toEqual(['cancelled', 'done', ['done']]);
    await running;
  });
});

describe('a worker whose journal breaks', () => {
  it('after the effect does not say that the step failed: asked again, it looks', async () => {
    let isBroken = true;
    const { journal: real } = there.workspace;
    const journal: Journal = {
      append: (kind, ...rest) => {
        if (kind !== 'site.finished' || !isBroken) return real.append(kind, ...rest);
        isBroken = false;
        throw new Error('the disk is full');
      },
      records: (filter) => real.records(filter),
      last: () => real.last(),
      rows: (after, most) => real.rows(after, most),
      remember: (chain, rows) => real.remember(chain, rows),
      verify: (known) => real.verify(known),
      close: () => real.close(),
    };
    await mailbox.hire(worker({ journal }));
    expect([(await run(writes(), patient())).verdict, isBroken, ledger()]).toEqual(['done', false, ['done']]);
  });
});
