import { systemClock } from '../../src/core/index.ts';
import { RestateServer } from '../../src/engine/testing/restate-server.ts';
import {
  answering,
  isThrough,
  unfinished,
  type Death,
  type Keeper,
  type Through,
  type Way,
} from './failover-keeper.ts';
import type { FailoverScene } from './failover-scene.ts';
import { KeptWorker } from './kept-worker.ts';
import type { Answer } from './lifeboat.ts';

/** What may die: the worker that leads, the one in east that acts for it, the engine, and all of them together. */
export const mortals = ['office', 'east', 'engine', 'all'] as const;
type Mortal = (typeof mortals)[number];

/** What is done in east by the worker there. */
const doneInEast = ['promote_east', 'east_is_right', 'fence_east', 'stop_east', 'east_follows'];

/** Restate keeps the run, a worker in the office leads it, and one in east does the steps of east. Each is started again at once when it dies. */
export async function keptByRestate(scene: FailoverScene): Promise<Keeper> {
  const server = await RestateServer.start(scene.place.path('restate'));
  const engine = `tool: { domain: office, engine: { type: restate, at: '${server.at}', admin: '${server.admin}', site: office } }`;
  await scene.changePlan((plan) =>
    doneInEast.reduce(
      (text, id) => text.replace(`      - id: ${id}\n`, `      - id: ${id}\n        site: east\n`),
      plan.replace('\ndomains:', `\n${engine}\n\ndomains:`),
    ),
  );
  const workers = {
    office: await KeptWorker.start(scene, 'office', '.lifeboat'),
    east: await KeptWorker.start(scene, 'east', '.lifeboat-east'),
  };
  const dies: Record<Mortal, () => Promise<void>> = {
    office: () => workers.office.kill(),
    east: () => workers.east.kill(),
    engine: () => server.kill().then(() => server.start()),
    all: async () => {
      await Promise.all([workers.office.kill(), workers.east.kill(), server.kill()]);
      await server.start();
    },
  };
  return {
    through: async (way, death) => {
      const killed = death.of === 'east' || death.of === 'office' ? workers[death.of] : undefined;
      if ('at' in death) await killed?.dieAt({ which: death.at, when: death.when });
      const begun = begin(scene, way);
      const died = 'at' in death ? undefined : diesAt(begun, death, dies);
      const end = await goOn(scene, way, await begun);
      const isDead = died === undefined ? (await killed?.hasDied()) === true : await died;
      return { ...end, killed: isDead };
    },
    end: async () => {
      await Promise.all([workers.office.end(), workers.east.end()]);
      await server.kill();
    },
  };
}

const begin = (scene: FailoverScene, way: Way): Promise<Answer> =>
  scene.run('recover', way, '--engine', 'restate', '--yes');

/** Whether the run was under way then. */
async function diesAt(
  begun: Promise<unknown>,
  death: Extract<Death, { afterMs: number }>,
  dies: Record<Mortal, () => Promise<void>>,
): Promise<boolean> {
  const over = new AbortController();
  void begun.then(() => over.abort());
  await systemClock.sleep(death.afterMs, over.signal).catch(() => {}); // it was through before
  if (over.signal.aborted) return false;
  await dies[death.of as Mortal]();
  return true;
}

/** A run goes on without anybody: who waited for it lost sight of it only when the engine died before it had taken it. */
async function goOn(scene: FailoverScene, way: Way, first: Answer): Promise<Omit<Through, 'killed'>> {
  let answer = first;
  const endMs = systemClock.elapsed() + 300_000;
  while (answer.exitCode === 4 && systemClock.elapsed() < endMs) {
    // In this order: a run that begins between the two looks is no sign that one has ended.
    const is = await isThrough(scene, way);
    const run = await unfinished(scene, way);
    if (run === undefined && is) return { exitCode: 0, why: '', asked: [] };
    answer = run === undefined ? await begin(scene, way) : await scene.run('run', 'resume', run);
    await systemClock.sleep(200);
  }
  return answering(scene, answer);
}
