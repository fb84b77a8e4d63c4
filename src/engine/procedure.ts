import { errorCodes, limits } from '../core/index.ts';
import { flatSteps } from '../procedures/index.ts';
import type { Acted, InsideRun, RunOrder, Word } from './engine.ts';

/**
 * The one workflow: has the leading site act on the snapshot, and waits for people's words where it stops, until nothing is left to do. It computes
 * only from what the actions gave, so that an engine may tell it again from the start after anything died.
 */
export async function procedure(inside: InsideRun, order: RunOrder): Promise<Acted> {
  const refused = await firstNotReady(inside, order);
  if (refused !== undefined) {
    inside.tell({ round: 1, acted: refused });
    return refused;
  }
  let word: Word | undefined;
  let acted: Acted = {};
  for (let round = 1; round <= limits.engineRoundsMax; round += 1) {
    inside.tell({ round });
    acted = await actPatiently(inside, order, round, word);
    inside.tell({ round, acted });
    if (isOver(acted)) return acted;
    word = await inside.signal<Word>(wordOf(round));
  }
  return acted;
}

/** The name under which the word that ends a round comes. */
export const wordOf = (round: number): string => `word-${round}`;

/** Never begun, or ended for good: a run that failed can still be gone on with when its cause is repaired. */
export const isOver = ({ result }: Acted): boolean =>
  result === undefined || result.verdict === 'done' || result.verdict === 'cancelled';

/** A procedure begins only when all its sites know the plan that it is of. */
async function firstNotReady(inside: InsideRun, { site, scenario, planHash }: RunOrder): Promise<Acted | undefined> {
  const named = flatSteps(scenario).flatMap((step) => (step.site === undefined ? [] : [step.site]));
  const sites = [...new Set([site, ...named])];
  const answers = await inside.all(sites.map((one) => inside.step(one, 'ready', { planHash })));
  return answers.find(({ error }) => error !== undefined);
}

/** A run that has begun and was kept from acting by what passes by itself (a store that is away) is tried again. */
async function actPatiently(inside: InsideRun, order: RunOrder, round: number, word: Word | undefined): Promise<Acted> {
  for (let tries = 1; ; tries += 1) {
    const acted = await inside.step(order.site, 'act', { order, round, ...(word === undefined ? {} : { word }) });
    const passes = acted.error !== undefined && errorCodes[acted.error.code].retry === 'later';
    if (!passes || acted.result?.verdict !== 'unfinished' || tries >= limits.engineTriesMax) return acted;
    await inside.sleep(limits.engineAgainMs);
  }
}
