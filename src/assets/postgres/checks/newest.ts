import { z } from 'zod';
import { durationOr, type CheckKind } from '../../../checks/index.ts';
import { formatDuration, isoTime, LifeboatError } from '../../../core/index.ts';
import { first, timeOf } from '../copy/check.ts';
import { onConnection, serverOf } from './ask.ts';

const schema = z
  .strictObject({
    query: z.string().min(1).describe('Gives the time of the newest row: select max(placed_at) from orders.'),
    within: z
      .string()
      .min(1)
      .describe(
        'How old it may be at the moment that the data is of: now for the source, else that of what was restored.',
      ),
  })
  .describe('That the newest row of a database is young enough');
type Settings = z.infer<typeof schema>;

/**
 * `newest: { query, within: 15m }`: whether the newest row is as young as it should be at the moment that the data is of. A copy of last month that
 * is restored today is not old by itself. Gives `at` (the time of the row) and `ageSeconds`.
 */
export const newestCheck: CheckKind<Settings> = {
  kind: 'newest',
  schema,
  describe: ({ within }) => `the newest row is not older than ${within}`,
  observe: async ({ query, within }, context) => {
    const withinMs = durationOr(within, 0);
    const ofMs = context.dataOfMs ?? context.clock.now();
    const value = await onConnection(serverOf(context), context, async (client) => {
      await client.query('begin transaction read only');
      return first(client, query);
    });
    const atMs = timeOf(value);
    if (atMs === undefined || Number.isNaN(atMs)) {
      throw new LifeboatError('check.failed', atMs === undefined ? 'there is no row' : `${String(value)} is no time`);
    }
    const ageMs = ofMs - atMs;
    return {
      variables: { at: new Date(atMs), ageSeconds: ageMs / 1000 },
      ok: ageMs <= withinMs,
      expected: `at most ${within} before ${isoTime(ofMs)}`,
      observed: `the newest row is of ${isoTime(atMs)}, ${ageMs < 0 ? 'after it' : `${formatDuration(ageMs)} before`}`,
    };
  },
};
