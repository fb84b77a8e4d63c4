import { z } from 'zod';
import { moment, momentOrNever, name, next, paging, problem } from './common.ts';

export const point = z
  .object({
    id: z.string(),
    asset: z.string(),
    kind: z.string(),
    at: moment.describe('The moment whose data it holds'),
    bytes: z.number(),
    storedBytes: z.number(),
    files: z.number().int(),
    stores: z.array(z.string()),
    since: z.record(z.string(), moment).describe('Since when it is in each store'),
    verifiedAt: momentOrNever.describe('When every byte of it was last read back sound'),
    damagedIn: z.array(z.object({ store: z.string(), at: moment })),
    provenAt: momentOrNever.describe('When it was last restored with all checks green'),
    held: z.boolean().describe('A hold keeps it, whatever its age'),
    state: z.enum(['damaged', 'proven', 'verified', 'unverified']),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Point' });
export type Point = z.infer<typeof point>;

/** Newest first. */
export const pointQuery = paging.extend({
  asset: name.optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Data of this moment or later'),
  to: z.iso.datetime({ offset: true }).optional(),
});
export type PointQuery = z.input<typeof pointQuery>;

export const pointList = z
  .object({
    at: moment.describe('When the stores were asked'),
    renewing: z.boolean(),
    total: z.number().int().describe('So many fit the question'),
    points: z.array(point),
    next,
    damage: z.array(z.object({ store: z.string(), object: z.string(), what: z.string() })),
    unanswered: z.array(problem.extend({ store: z.string() })),
  })
  .meta({ id: 'Points' });
export type PointList = z.infer<typeof pointList>;

/** How far a stretch of time can be restored to the second, where a log is kept beside the points. */
export const reach = z
  .object({
    asset: z.string(),
    log: z.boolean().describe('A log is kept: any moment from the first point on can be asked for'),
    points: z.number().int(),
    oldestAt: momentOrNever,
    newestAt: momentOrNever,
    bytes: z.number().describe('Of the newest point, restored'),
    storedBytes: z.number().describe('Of all its points, as they were new in their stores'),
  })
  .meta({ id: 'Reach' });
export type Reach = z.infer<typeof reach>;
export const reachList = z
  .object({ at: moment, renewing: z.boolean(), assets: z.array(reach) })
  .meta({ id: 'Reaches' });
export type ReachList = z.infer<typeof reachList>;
