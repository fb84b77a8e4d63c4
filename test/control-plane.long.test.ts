import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlaneScene, stepIn } from './support/control-plane-scene.ts';

describe('a procedure that is in too much of a hurry', () => {
  let scene: ControlPlaneScene;
  beforeAll(async () => {
    scene = await ControlPlaneScene.make();
  }, 180_000);
  afterAll(() => scene?.end());

  it('and resumes all at once storms the host: the share is taken back, the run fails, and nothing new is taken', async () => {
    await scene.changePlan('over: [10%, 50%, 100%]', 'over: [100%]');
    await scene.do('crash');
    const answer = await scene.run('recover', 'control_plane_down', '--yes');
    expect(answer, answer.stdout + answer.stderr).toMatchObject({ exitCode: 1, json: { verdict: 'failed' } });
    expect(stepIn(answer, 'resume')).toMatchObject({ state: 'failed', code: 'ramp.red' });
    expect(stepIn(answer, 'writes_again')).toMatchObject({ state: 'pending' });
    expect(await scene.says('reconciler')).toMatchObject({ rate: 0 });
  });

  it('and writes more often to a store that is gone is stopped by what the store says', async () => {
    await scene.do('lose');
    const tooEarly = '      - { id: too_early, policy: { asset: volumes, every: 5m } }\n';
    await scene.changePlan('      - id: new_store\n', `${tooEarly}      - id: new_store\n`);
    const asked = await scene.run('recover', 'snapshots_lost', '--yes');
    const id = String(asked.json['run']);
    await scene.run('run', 'attest', id, '--step', 'radius', '--as', 'on_call', '--input', 'copies=1');
    const answer = await scene.run('run', 'resume', id);
    expect(stepIn(answer, 'too_early')).toMatchObject({ state: 'failed', code: 'policy.unwell' });
  });
});
