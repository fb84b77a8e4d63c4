import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlaneScene, stepIn, stepsOf } from './support/control-plane-scene.ts';

describe('a control plane', () => {
  let scene: ControlPlaneScene;
  beforeAll(async () => {
    scene = await ControlPlaneScene.make();
  });
  afterAll(() => scene?.end());

  it('that died in a roll-out comes back for reading, then its scheduler, then its reconciler by and by, and is done when all is as wanted', async () => {
    await scene.do('crash');
    const answer = await scene.run('recover', 'control_plane_down', '--yes');
    expect(answer, answer.stdout + answer.stderr).toMatchObject({ exitCode: 0, json: { verdict: 'done' } });
    const order = stepsOf(answer).toSorted((a, b) => a.startedMs - b.startedMs);
    expect(order.map(({ id }) => id).join(' ')).toBe(
      'hosts_run read_only api_back reads_work takes_nothing scheduler_back hold_back reconciler_back resume converged writes_again healthy',
    );
    // What runs was not disturbed, and its host never had more to do than it bears.
    expect(await scene.says('host')).toMatchObject({ running: 24, changes: 44, refused: 0, disturbed: 0 });
    expect(await scene.says('reconciler')).toMatchObject({ secondsToConverge: 0, failures: 0, rate: 100 });
  });

  it('that lost its store of snapshots has it anew from its copies, writes to it more often only when it is well, and proves it by a drill', async () => {
    await scene.do('lose');
    const asked = await scene.run('recover', 'snapshots_lost', '--yes');
    expect(asked).toMatchObject({ exitCode: 3, json: { verdict: 'needs-human', questions: [{ step: 'radius' }] } });
    const id = String(asked.json['run']);
    await scene.run('run', 'attest', id, '--step', 'radius', '--as', 'on_call', '--input', 'copies=1');
    const answer = await scene.run('run', 'resume', id);
    expect(answer, answer.stdout + answer.stderr).toMatchObject({ exitCode: 0, json: { verdict: 'done' } });
    expect(stepIn(answer, 'store_back')?.summary).toContain('snapshots has all that elsewhere had');
    expect(stepIn(answer, 'prove')?.summary).toContain('the drill volume_restore passed');
  });
});
