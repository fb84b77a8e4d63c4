import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/index.ts';
import { between, FailoverLedger } from './support/failover-ledger.ts';
import { FailoverScene, noScene } from './support/failover-scene.ts';
import { once } from './support/killed-failover.ts';
import { endOf } from './support/lifeboat.ts';

describe.skipIf(noScene !== undefined)(`two machines at one failover${noScene ? ` (skipped: ${noScene})` : ''}`, () => {
  let scene: FailoverScene;
  let ledger: FailoverLedger;
  let first: ChildProcess | undefined;
  beforeEach(async () => {
    scene = await FailoverScene.make();
    ledger = await FailoverLedger.beside(scene);
    await scene.sql('west', `insert into orders (id, site) values ('first', 'west')`);
    while ((await scene.orders('east')) === 0) await systemClock.sleep(50);
  });
  afterEach(async () => {
    first?.kill('SIGKILL');
    await ledger?.end();
    await scene?.end();
  });

  /** The first machine's run, at that step. */
  const firstAt = async (step: string): Promise<ChildProcess> => {
    first = scene.start('recover', 'failover', '--yes');
    await saying(first, `${step}:`);
    return first;
  };
  const onAnother = ['recover', 'failover', '--yes', '--state', 'another-machine'];

  it('the second waits for a sign of the first, then says which run acts, and where', async () => {
    await scene.changePlan((plan) => plan.replace('wait: 2s', 'wait: 10m'));
    await scene.do('kill', 'west');
    await firstAt('settle');
    const second = await scene.run(...onAnother);
    expect(second).toMatchObject({ exitCode: 4, json: { error: { code: 'run.held' } } });
    expect(second.stdout).toMatch(/run [0-9a-z]{26} on .* acts on production/);
  });

  it('one that was paused wakes when the other has taken over, and does not act: every effect is there once', async () => {
    await scene.changePlan((plan) =>
      plan.replace('      - id: promote_east\n', `${untilTold}      - id: promote_east\n`),
    );
    const before = await ledger.effects('west');
    await scene.do('kill', 'west');
    const paused = await firstAt('told');
    paused.kill('SIGSTOP');
    await writeFile(scene.place.path('go-on'), 'go on\n');
    const second = await scene.run(...onAnother);
    expect(second, second.stdout + second.stderr).toMatchObject({ exitCode: 0, json: { verdict: 'done' } });
    const ended = endOf(paused);
    paused.kill('SIGCONT');
    const { exitCode, stdout, stderr } = await ended;
    expect({ exitCode, stdout, stderr }).toMatchObject({
      exitCode: 3,
      stdout: expect.stringContaining('run.lease_lost') as string,
    });
    expect(between(before, await ledger.effects('east'))).toEqual(once.failover);
  });
});

/** A step in which a run can be met before it promotes. */
const untilTold = '      - id: told\n        wait: { until: { file: go-on }, every: 100ms, for: 1h }\n';

/** Until the program says so on its standard error. */
function saying(child: ChildProcess, text: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (said.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`it ended before it said ${text}: ${said}`)));
  });
}
