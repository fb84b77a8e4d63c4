import { createHash, randomBytes } from 'node:crypto';
import { LifeboatError } from '../core/index.ts';
import { listPoints, type Workspace } from '../operations/index.ts';

/** What a drill leaves to chance, all of it by one seed: with the same one it chooses the same. */
export interface Choices {
  readonly seed: string;
  /**
   * One of them, by what it is for; undefined: there is none. Each draws its own lot: neither their order decides, nor what went or came beside the one
   * that was chosen, unless what came drew a smaller lot.
   */
  pick(what: string, from: readonly string[]): string | undefined;
}

export interface Chance {
  /** `lifeboat drill NAME --seed SEED` chooses the same again. */
  readonly seed: string;
  /** The point of each asset, and of how many it was chosen. */
  readonly points: readonly { readonly asset: string; readonly point: string; readonly of: number }[];
}

export function choicesBy(seed = randomBytes(8).toString('hex')): Choices {
  return {
    seed,
    pick: (what, from) => {
      const lots = from.map((one) => ({ one, lot: lotOf(seed, what, one) }));
      return lots.toSorted((one, other) => (one.lot < other.lot ? -1 : 1))[0]?.one;
    },
  };
}

const lotOf = (...of: readonly string[]): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');

/** Any point that can be restored whole from some store, as far as is known. Throws `point.none`. */
export async function anyPoint(
  workspace: Workspace,
  asset: string,
  { pick }: Choices,
  signal: AbortSignal | undefined,
): Promise<Chance['points'][number]> {
  const { points } = await listPoints(workspace, asset, signal);
  const sound = points.filter(({ damagedIn, stores }) => damagedIn.length < stores.length);
  const point = pick(
    `point of ${asset}`,
    sound.map(({ point: { id } }) => id),
  );
  if (point !== undefined) return { asset, point, of: sound.length };
  throw new LifeboatError('point.none', `${asset} has no recovery point that could be chosen`);
}
