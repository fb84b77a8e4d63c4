import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, systemClock } from '../core/index.ts';
import { listRuns } from '../procedures/index.ts';
import { scenarioOf, stepOf } from '../procedures/testing/bench.ts';
import type { DrillCriteria, Scenario } from '../plan/index.ts';
import { cleanLeftBubbles, runDrill, type DrillResult } from './index.ts';
import { drillOf, makeShelf, type Shelf } from './testing/shelf.ts';

let shelf: Shelf;
beforeEach(() => {
  shelf = makeShelf();
});
afterEach(() => shelf.bench.close());

const bubbles = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('lifeboat-bubble-'));
const redOnes = ({ criteria }: DrillResult): string[] =>
  criteria.filter(({ verdict }) => verdict !== 'pass').map(({ name, verdict }) => `${name} ${verdict}`);
const drill = (expected?: DrillCriteria): Promise<DrillResult> =>
  runDrill({ drill: drillOf(expected === undefined ? {} : { expect: expected }), tools: shelf.tools });
const drillScenario = (scenario: Scenario, signal?: AbortSignal): Promise<DrillResult> => {
  const plan = { ...shelf.tools.workspace.plan, scenarios: new Map([[scenario.name, scenario]]) };
  const tools = { ...shelf.tools, workspace: { ...shelf.tools.workspace, plan } };
  return runDrill({
    drill: drillOf({ scenario: scenario.name, restore: undefined }),
    tools,
    ...(signal === undefined ? {} : { signal }),
  });
};
const bringBack = stepOf('bring_back', 'restore', 'shelf');
const folderOf = (result: DrillResult): string => result.bubble?.folder ?? '';

/** Two things on the shelf, both in a point. */
async function twoThingsKept(): Promise<void> {
  shelf.put(systemClock.now() - 5000);
  shelf.put(systemClock.now() - 4000);
  await shelf.takePoint(systemClock.now() - 3000);
}

describe('a drill', () => {
  it('restores into a bubble, measures, scores, and leaves nothing behind', async () => {
    await twoThingsKept();
    const result = await drill();
    expect(redOnes(result)).toEqual([]);
    expect(result).toMatchObject({ verdict: 'pass', rpoSeconds: 0, lost: 0 });
    expect(result.rtoSeconds).toBeGreaterThan(0);
    expect(existsSync(folderOf(result))).toBe(false);
    expect(result.targets).toMatchObject([{ inside: true }]);
    shelf.bench.journal.verify();
  });

  it('says who asked for it, and asks nobody less for consent because of that', async () => {
    await twoThingsKept();
    const asked = await runDrill({ drill: drillOf({}), by: 'account ada', tools: shelf.tools });
    expect(asked.procedure.requester).toEqual({ user: 'account ada' });
    const [begun] = shelf.bench.journal.records({ run: asked.run, kinds: ['drill.started'] });
    expect(begun?.data).toMatchObject({ by: 'account ada' });
    expect((await drill()).procedure.requester).toBeUndefined();
  });

  it('measures what did not come back: the span to the impact, and how many things', async () => {
    const newestMs = systemClock.now() - 4000;
    await twoThingsKept();
    for (const secondsAgo of [2, 1, 0.5]) shelf.put(systemClock.now() - secondsAgo * 1000);
    const result = await drill();
    expect(redOnes(result)).toEqual(['lost fail']);
    expect(result.lost).toBe(3);
    expect(result.rpoSeconds).toBeGreaterThanOrEqual(4);
    expect(result.rpoSeconds).toBeLessThan((systemClock.now() - newestMs) / 1000);
  });

  it('is red when it lost too long a span, or took too long', async () => {
    await twoThingsKept();
    shelf.put(systemClock.now());
    expect(redOnes(await drill({ rpoMs: 1000 }))).toEqual(['rpo fail']);
    expect(redOnes(await drill({ rtoMs: 0 }))).toEqual(['rto fail']);
  });

  it('is red when a check of what was restored is red', async () => {
    writeFileSync(shelf.source, `${systemClock.now() - 5000} 1\n${systemClock.now() - 4000} 7\n`);
    await shelf.takePoint(systemClock.now() - 3000);
    const result = await drillScenario(scenarioOf(bringBack));
    expect(redOnes(result)).toEqual(['health fail']);
  });

  it('is red when there is no recovery point, and says that nothing is known of the loss', async () => {
    const result = await drill();
    expect(result.verdict).toBe('fail');
    expect(redOnes(result)).toEqual(['procedure fail', 'rto unknown', 'rpo unknown', 'lost unknown', 'health unknown']);
    expect(existsSync(folderOf(result))).toBe(false);
  });

  it('never calls lost things zero when the source is gone: at most, and not known', async () => {
    await twoThingsKept();
    rmSync(shelf.source);
    const result = await drill();
    expect(redOnes(result)).toEqual(['lost unknown']);
    expect(result.assets[0]).toMatchObject({ bound: true, lost: undefined });
  });

  it('runs the procedure of the real day by the same runner, with its own records', async () => {
    await twoThingsKept();
    const tell = stepOf('tell', 'notify', { channel: 'ops', text: 'back' });
    const person = stepOf('ask', 'exec', ['false'], { if: '${!environment.ephemeral}' });
    const result = await drillScenario(scenarioOf(bringBack, person, tell));
    expect(result.verdict).toBe('pass');
    expect(shelf.bench.messages).toEqual([]);
    expect(result.messages).toMatchObject([{ channel: 'ops' }]);
    expect(result.notExercised.join('; ')).toContain('step ask');
    expect(listRuns(shelf.bench.journal)).toMatchObject([{ run: result.run, mode: 'drill', verdict: 'done' }]);
  });
});

const hang = async (): Promise<void> => {
  throw new Error('it hangs');
};

describe('the bubble', () => {
  it('can be passed through but not listed, and what is in it has a name nobody guesses', async () => {
    await twoThingsKept();
    const seen: { root: number; inner: string }[] = [];
    const tools = {
      ...shelf.tools,
      restore: async (request: Parameters<typeof shelf.tools.restore>[0]) => {
        const [root = ''] = /^.*lifeboat-bubble-[^/]+/.exec(request.target) ?? [];
        seen.push({ root: statSync(root).mode & 0o777, inner: readdirSync(root)[0] ?? '' });
        return shelf.tools.restore(request);
      },
    };
    await runDrill({ drill: drillOf(), tools });
    expect(seen).toEqual([{ root: 0o711, inner: expect.stringMatching(/^[0-9a-z]{16}$/) }]);
  });

  it('lets no restore out, whatever the plan says', async () => {
    await twoThingsKept();
    const outside = join(shelf.bench.folder, 'outside');
    const result = await drillScenario(
      scenarioOf(stepOf('bring_back', 'restore', 'shelf', { siblings: { into: outside } })),
    );
    expect(result.procedure.steps[0]).toMatchObject({ state: 'failed', code: 'drill.bubble' });
    expect(existsSync(outside)).toBe(false);
  });

  it('takes no recovery point: a drill archives nowhere', async () => {
    await twoThingsKept();
    const result = await drillScenario(scenarioOf(bringBack, stepOf('keep', 'backup', 'shelf')));
    expect(result.procedure.steps[1]).toMatchObject({
      state: 'skipped',
      summary: expect.stringContaining('not exercised'),
    });
    expect(shelf.bench.journal.records({ kinds: ['backup.*'] })).toEqual([]);
  });

  it('makes the drill red when a source is somebody else afterwards', async () => {
    await twoThingsKept();
    const tools = {
      ...shelf.tools,
      restore: async (request: Parameters<typeof shelf.tools.restore>[0]) => {
        shelf.identity = 'shelf-2';
        return shelf.tools.restore(request);
      },
    };
    expect(redOnes(await runDrill({ drill: drillOf(), tools }))).toEqual(['isolation fail']);
  });

  it('ends what a step left running in it', async () => {
    await twoThingsKept();
    const file = join(shelf.bench.folder, 'pid');
    const start = stepOf('start', 'exec', ['sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $! > "$0"', file]);
    const result = await drillScenario(scenarioOf(bringBack, start));
    expect(result.verdict).toBe('pass');
    expect(result.bubble?.ended).toBe(1);
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('is destroyed too when the drill is stopped midway', async () => {
    await twoThingsKept();
    const stop = new AbortController();
    const running = drillScenario(scenarioOf(bringBack, stepOf('slow', 'exec', ['sleep', '30'])), stop.signal);
    await systemClock.sleep(400);
    stop.abort();
    const result = await running;
    expect(result).toMatchObject({ verdict: 'fail', procedure: { verdict: 'cancelled' }, bubble: { gone: true } });
    expect(existsSync(folderOf(result))).toBe(false);
  });

  it('makes the drill red when something in it cannot be stopped', async () => {
    await twoThingsKept();
    const tools = {
      ...shelf.tools,
      restore: async (request: Parameters<typeof shelf.tools.restore>[0]) => {
        const report = await shelf.tools.restore(request);
        return { ...report, copy: { path: request.target, url: request.target, shownUrl: request.target, stop: hang } };
      },
    };
    const result = await runDrill({ drill: drillOf(), tools });
    expect(redOnes(result)).toEqual(['bubble fail']);
    expect(result.bubble?.left.join()).toContain('it hangs');
  });
});

describe('what a killed drill leaves', () => {
  it('is found and removed by the next one: folder, programs and all', async () => {
    const script = fileURLToPath(new URL('testing/killed-drill.ts', import.meta.url));
    const { folder } = shelf.bench;
    const before = bubbles();
    const child = spawn(process.execPath, [script, folder], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('exit', resolve));
    expect(child.signalCode).toBe('SIGKILL');
    const left = bubbles().filter((name) => !before.includes(name));
    expect(left).toHaveLength(1);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    const proofs = await cleanLeftBubbles(shelf.tools.workspace);
    expect(proofs).toMatchObject([{ gone: true, ended: 1 }]);
    expect(existsSync(join(tmpdir(), left[0] ?? ''))).toBe(false);
    expect(isAlive(pid)).toBe(false);
    expect(await cleanLeftBubbles(shelf.tools.workspace)).toEqual([]);
  });

  it('is left alone while its drill is alive', async () => {
    await twoThingsKept();
    const running = drillScenario(scenarioOf(bringBack, stepOf('slow', 'exec', ['sleep', '1'])));
    await systemClock.sleep(300);
    expect(await cleanLeftBubbles(shelf.tools.workspace)).toEqual([]);
    expect((await running).verdict).toBe('pass');
  });

  it('is never a folder that is not ours, whatever the journal says', async () => {
    const victim = join(shelf.bench.folder, 'victim');
    mkdirSync(victim);
    shelf.bench.journal.append(
      'bubble.made',
      { bubble: 'x', root: victim, folder: victim, host: 'bench' },
      { run: 'x' },
    );
    expect(await cleanLeftBubbles(shelf.tools.workspace)).toMatchObject([{ gone: false }]);
    expect(existsSync(victim)).toBe(true);
  });
});
