import type { FailoverScene } from './failover-scene.ts';
import type { Answer } from './lifeboat.ts';

export type Way = 'failover' | 'failback';

/** When what runs it is killed: at a record of it, or so many milliseconds after it was started; `of` says which part, where there are several. */
export type Death = ({ readonly at: string; readonly when: 'before' | 'after' } | { readonly afterMs: number }) & {
  readonly of?: string;
};

/** How a way ended whose runner was killed. */
export interface Through {
  /** Before it was through. */
  readonly killed: boolean;
  readonly exitCode: number;
  /** What was said when it did not end well. */
  readonly why: string;
  /** The steps about which people were asked. */
  readonly asked: readonly string[];
}

/** Who keeps a run of the scene going. */
export interface Keeper {
  /** Goes a way while what runs it dies, and on to its end. */
  through(way: Way, death: Death): Promise<Through>;
  end(): Promise<void>;
}

/** Goes on with the last run of the way until it is done; what it asks is answered by somebody who looks. `again` begins it where it never was. */
export async function goOn(
  scene: FailoverScene,
  way: Way,
  again: () => Promise<Answer>,
): Promise<Omit<Through, 'killed'>> {
  const is = await isThrough(scene, way);
  const last = await unfinished(scene, way);
  if (last === undefined && is) return { exitCode: 0, why: '', asked: [] };
  return answering(scene, last === undefined ? await again() : await scene.run('run', 'resume', last));
}

/** What people are asked is answered: they looked, and it shall be done again. */
export async function answering(scene: FailoverScene, first: Answer): Promise<Omit<Through, 'killed'>> {
  const asked: string[] = [];
  let answer = first;
  for (let round = 0; round < 4 && answer.exitCode === 3; round += 1) {
    const { run, questions } = answer.json as { run: string; questions: { step: string }[] };
    const [step = ''] = questions.map((question) => question.step);
    asked.push(step);
    answer = await scene.run('run', 'resume', run, '--step', step, '--again');
  }
  const { exitCode, stdout, stderr } = answer;
  return { exitCode, why: exitCode === 0 ? '' : stdout + stderr, asked };
}

/** The run of the way that has begun and is not done. */
export async function unfinished(scene: FailoverScene, way: Way): Promise<string | undefined> {
  // Those before were gone on with to their end.
  const { runs } = (await scene.look('runs', '--limit', '4', '--summary')).json as {
    runs: { run: string; scenario: string; verdict: string }[];
  };
  return runs.filter(({ scenario }) => scenario === way).find(({ verdict }) => verdict !== 'done')?.run;
}

/** Whether the site that the way leads to takes the writes. */
export async function isThrough(scene: FailoverScene, way: Way): Promise<boolean> {
  const site = way === 'failover' ? 'east' : 'west';
  const { follows } = await scene.server(site).catch(() => ({ follows: true })); // it does not run yet
  return !follows;
}
