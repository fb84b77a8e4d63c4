import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/core/index.ts';
import { goOn, type Death, type Keeper, type Way } from './failover-keeper.ts';
import type { FailoverScene } from './failover-scene.ts';
import { compiled } from './kept-worker.ts';
import { endOf } from './lifeboat.ts';

const script = fileURLToPath(new URL('killed-recover.ts', import.meta.url));

/** The process that was started goes on by itself; when it was killed somebody types `run resume`. */
export const keptAlone = async (scene: FailoverScene): Promise<Keeper> => ({
  through: async (way, death) => {
    const killed = await runner(scene, way, death);
    return { killed, ...(await goOn(scene, way, () => scene.run('recover', way, '--yes'))) };
  },
  end: async () => {},
});

/** How the process ended that ran a scenario in the folder and was to be killed at one of its records. */
export const killedAt = (
  folder: string,
  way: Way,
  at: string,
  when: 'before' | 'after',
): Promise<NodeJS.Signals | number | null> => {
  const words = ['--disable-warning=ExperimentalWarning', script, way, at, when];
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  const child = spawn(process.execPath, words, { cwd: folder, env, stdio: 'ignore' });
  return new Promise((ended) => void child.once('exit', (code, signal) => ended(signal ?? code)));
};

async function runner(scene: FailoverScene, way: Way, death: Death): Promise<boolean> {
  if ('at' in death) return (await killedAt(scene.place.folder, way, death.at, death.when)) === 'SIGKILL';
  const child = scene.start('recover', way, '--yes');
  const ended = endOf(child);
  const over = new AbortController();
  void ended.then(() => over.abort());
  await systemClock.sleep(death.afterMs, over.signal).catch(() => {}); // it was through before
  child.kill('SIGKILL');
  return (await ended).exitCode === null;
}
