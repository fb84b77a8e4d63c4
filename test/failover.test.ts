import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailoverScene, noScene, type Account } from './support/failover-scene.ts';
import { killedAt } from './support/kept-alone.ts';
import { endOf, type Answer } from './support/lifeboat.ts';

/** Of a run's steps: how each ended. */
const steps = ({ json }: Answer): Record<string, { state: string; summary: string; code?: string }> =>
  Object.fromEntries(
    (json['steps'] as { id: string; state: string; summary: string }[]).map((step) => [step.id, step]),
  );

/** A step that lets the old primary take writes again. */
const comesBack = '      - id: comes_back\n        exec: [node, scene.mjs, start, west]\n';

function tell(what: string, { confirmed, failed, secondsDown, confirmedAndLost }: Account): void {
  process.stdout.write(
    `${what}: ${confirmed} orders confirmed, ${failed} requests lost, ${secondsDown.toFixed(1)} s down, ${confirmedAndLost} confirmed orders lost\n`,
  );
}

describe.skipIf(noScene !== undefined)(`a failover on one machine${noScene ? ` (skipped: ${noScene})` : ''}`, () => {
  let scene: FailoverScene;
  beforeAll(async () => {
    scene = await FailoverScene.make();
  });
  afterAll(() => scene?.end());

  it('after the primary is killed under load turns database, name and traffic to the standby, and customers order again', async () => {
    const customers = await scene.customers();
    await scene.ordersGrow('west');
    await scene.do('kill', 'west');
    const run = await scene.run('recover', 'failover', '--yes');
    expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 0, json: { verdict: 'done' } });
    expect(steps(run)['fence_west']?.summary).toContain('does not run');
    expect(steps(run)['promote_east']?.summary).toContain('takes writes on timeline 2');
    await scene.ordersGrow('east');
    const account = await customers.end();
    tell('failover', account);
    expect(account).toMatchObject({ database: '127.0.0.3' });
    expect(account.failed).toBeGreaterThan(0);
    // The standby is asynchronous: what was confirmed in the last moment may be gone, and nothing before it.
    expect(account.lostMs).toBeLessThan(1000);
  });

  it('goes back while customers order and its runner dies by kill -9 when a promotion was about to begin: promotes once, and loses nothing', async () => {
    const { timeline } = await scene.server('east');
    const customers = await scene.customers();
    await scene.ordersGrow('east');
    expect(await killedAt(scene.place.folder, 'failback', 'step.remembered:promote_west', 'after')).toBe('SIGKILL');
    const [{ run } = { run: '' }] = (await scene.look('runs')).json['runs'] as { run: string }[];
    const resumed = await scene.run('run', 'resume', run);
    expect(resumed, resumed.stdout + resumed.stderr).toMatchObject({
      exitCode: 0,
      json: { run, verdict: 'done', resumed: 1 },
    });
    expect(steps(resumed)['promote_west']?.summary).toContain('nothing is lost');
    await scene.ordersGrow('west');
    const account = await customers.end();
    tell('failback whose runner was killed', account);
    expect(account).toMatchObject({ database: '127.0.0.2', confirmedAndLost: 0 });
    expect(await scene.server('west')).toEqual({ follows: false, timeline: timeline + 1 });
    expect(await scene.server('east')).toMatchObject({ follows: true });
    expect([scene.writtenOver('west'), scene.writtenOver('east')]).toEqual([1, 1]);
  });

  it('refuses a second server that takes writes when the old one comes back before the promotion, and goes on when it is gone', async () => {
    await scene.changePlan((plan) =>
      plan
        .replace('      - id: promote_east\n', `${comesBack}      - id: promote_east\n`)
        .replace('wait: 2s', 'wait: { until: { file: go-on }, every: 100ms, for: 55s }'),
    );
    await scene.do('kill', 'west');
    const split = await scene.run('recover', 'failover', '--yes');
    expect(split, split.stdout + split.stderr).toMatchObject({ exitCode: 1, json: { verdict: 'failed' } });
    expect(steps(split)['promote_east']).toMatchObject({
      state: 'failed',
      code: 'promote.refused',
      summary: expect.stringContaining('takes writes') as string,
    });
    expect(await scene.server('west')).toEqual({ follows: false, timeline: 3 });
    expect(await scene.server('east')).toMatchObject({ follows: true });

    await scene.do('stop', 'west');
    const resumed = scene.start('run', 'resume', String(split.json['run']));
    const end = endOf(resumed);
    await lineOf(resumed, 'settle:');
    const second = await scene.run('recover', 'failover', '--yes');
    expect(second).toMatchObject({ exitCode: 4, json: { error: { code: 'run.held' } } });
    await writeFile(scene.place.path('go-on'), 'go on\n');
    const { exitCode, stdout, stderr } = await end;
    expect({ exitCode, stderr: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(await scene.server('east')).toEqual({ follows: false, timeline: 4 });
  });
});

/** Until the program says so on its standard error. */
function lineOf(child: ReturnType<FailoverScene['start']>, text: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (said.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`it ended before it said ${text}: ${said}`)));
  });
}
