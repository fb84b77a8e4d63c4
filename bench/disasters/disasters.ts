import { join } from 'node:path';
import { messageOf, systemClock } from '../../src/core/index.ts';
import { removeFolder } from '../folder.ts';
import { Ground, type Keeping } from './ground.ts';
import type { Finding } from './judge.ts';
import type { Played, Scene, Stage } from './scene.ts';

export interface Outcome extends Partial<Played> {
  readonly disaster: string;
  readonly title: string;
  readonly major: number;
  /** `skipped` only where this machine cannot play it, with the reason. */
  readonly verdict: 'pass' | 'fail' | 'skipped';
  readonly reason?: string;
  readonly rpoTargetSeconds: number | null;
  readonly rtoTargetSeconds: number;
}

export interface Playing {
  readonly scenes: readonly Scene[];
  readonly majors: readonly number[];
  readonly seconds: number;
  readonly folder: string;
  readonly signal: AbortSignal;
  say(sentence: string): void;
}

/** Plays every disaster on every version, each on ground of its own; one that fails does not keep the others from being played. */
export async function playAll({ scenes, majors, seconds, folder, signal, say }: Playing): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const major of majors) {
    for (const scene of scenes) {
      const startedMs = systemClock.elapsed();
      const outcome = await playOne(scene, { major, seconds, signal, folder: join(folder, `${major}-${scene.name}`) });
      const tookSeconds = ((systemClock.elapsed() - startedMs) / 1000).toFixed(0);
      say(
        `PostgreSQL ${major}, ${scene.title}: ${outcome.verdict}${outcome.reason === undefined ? '' : ` (${outcome.reason})`}, ${tookSeconds} s`,
      );
      outcomes.push(outcome);
    }
  }
  return outcomes;
}

async function playOne(scene: Scene, stage: Omit<Stage, 'prepare'>): Promise<Outcome> {
  const { name: disaster, title, rtoTargetSeconds } = scene;
  const rpoTargetSeconds = scene.rpoTargetSeconds ?? null;
  const about = { disaster, title, major: stage.major, rpoTargetSeconds, rtoTargetSeconds };
  const cannot = await scene.cannot?.();
  if (cannot !== undefined) return { ...about, verdict: 'skipped', reason: cannot };
  let ground: Ground | undefined;
  try {
    const prepare = async (keeping?: Keeping) =>
      (ground = await Ground.prepare(stage.folder, stage.major, stage.signal, keeping));
    const played = await scene.play({ ...stage, prepare });
    const red = judgeAgainst(scene, played).filter(({ ok }) => !ok);
    if (red.length === 0) return { ...about, ...played, verdict: 'pass' };
    const reason = red.map(({ name, observed, expected }) => `${name}: ${observed}, expected ${expected}`).join('; ');
    return { ...about, ...played, verdict: 'fail', reason };
  } catch (error) {
    stage.signal.throwIfAborted();
    return { ...about, verdict: 'fail', reason: messageOf(error) };
  } finally {
    await ground?.close();
    await removeFolder(stage.folder);
  }
}

/** Its own findings and the promises: so much may be lost, so long may it take. */
export function judgeAgainst(
  { rpoTargetSeconds, rtoTargetSeconds }: Pick<Scene, 'rpoTargetSeconds' | 'rtoTargetSeconds'>,
  played: Played,
): Finding[] {
  const { rpoSeconds, rtoSeconds, findings } = played;
  const within = (name: string, seconds: number, target: number): Finding => ({
    name,
    ok: seconds <= target,
    observed: `${seconds.toFixed(2)} s`,
    expected: `at most ${target} s`,
  });
  return [
    ...findings,
    ...(rpoTargetSeconds === undefined ? [] : [within('RPO', rpoSeconds, rpoTargetSeconds)]),
    within('RTO', rtoSeconds, rtoTargetSeconds),
  ];
}
