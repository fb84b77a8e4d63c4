import type { Point } from '../../../../api/contract/index.ts';

/** A point by its id; or an end of a line on which nothing stands yet: the point that comes there is meant. */
export type Choice = { readonly id: string } | { readonly end: 'newest' | 'oldest' };

type Line = readonly Pick<Point, 'id'>[];

/**
 * What a key of the time line chooses of the points that are shown now, newest first; undefined: the key is none of ours, or there is nothing in
 * its direction.
 */
export function choiceBy(key: string, line: Line, chosen: string | undefined): Choice | undefined {
  const end = ({ Home: 'oldest', End: 'newest' } as const)[key];
  if (end !== undefined) return meant({ end }, line);
  const at = line.findIndex(({ id }) => id === chosen);
  const to = { ArrowLeft: at + 1, ArrowRight: at < 0 ? 0 : at - 1 }[key];
  const found = to === undefined ? undefined : line[to];
  return found === undefined ? undefined : { id: found.id };
}

/** An end becomes the point that stands there, and stays that one whatever comes behind it: nobody restores another point than they saw. */
export function meant(choice: Choice, line: Line): Choice {
  if ('id' in choice) return choice;
  const found = choice.end === 'newest' ? line[0] : line.at(-1);
  return found === undefined ? choice : { id: found.id };
}
