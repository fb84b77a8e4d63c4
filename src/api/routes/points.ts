import { z } from 'zod';
import { isoTime, LifeboatError } from '../../core/index.ts';
import { point, pointList, pointQuery, reachList, type Point } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';

export function pointRoutes(desk: Desk): void {
  const { points } = desk.views;
  const revision = async (): Promise<string> => (await points.get()).revision;
  define(
    desk,
    {
      method: 'get',
      path: '/points',
      needs: 'viewer',
      about: 'Recovery points, newest first',
      query: pointQuery,
      answer: pointList,
      revision,
    },
    async ({ query: { asset, from, to, cursor, limit } }) => {
      const { value, atMs, renewing } = await points.get();
      const fromMs = from === undefined ? -Infinity : Date.parse(from);
      const toMs = to === undefined ? Infinity : Date.parse(to);
      const fitting = value.points.filter(
        (one) =>
          (asset === undefined || one.asset === asset) && Date.parse(one.at) >= fromMs && Date.parse(one.at) <= toMs,
      );
      const begin = cursor === undefined ? 0 : after(fitting, cursor);
      const page = fitting.slice(begin, begin + limit);
      const isAll = begin + limit >= fitting.length;
      return {
        at: isoTime(atMs),
        renewing,
        total: fitting.length,
        points: page,
        next: isAll ? null : cursorOf(page.at(-1)),
        damage: value.damage,
        unanswered: value.unanswered,
      };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/points/reach',
      needs: 'viewer',
      about: 'From when to when each asset can be restored',
      answer: reachList,
      revision,
    },
    async () => {
      const { value, atMs, renewing } = await points.get();
      return { at: isoTime(atMs), renewing, assets: [...value.reach] };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/points/{id}',
      needs: 'viewer',
      about: 'One recovery point',
      params: z.object({ id: z.string().max(100) }),
      answer: point,
      revision,
    },
    async ({ params: { id } }) => {
      const found = (await points.get()).value.byId.get(id);
      if (found !== undefined) return found;
      throw new LifeboatError('point.missing', `there is no recovery point ${id}`, { hint: 'List them: GET points' });
    },
  );
}

/** A point's moment and id: what comes behind it is the same, whatever came before it meanwhile. */
const cursorOf = (last: Point | undefined): string | null => (last === undefined ? null : `${last.at} ${last.id}`);

/** The first that is older than the cursor says; one that went meanwhile is no reason to begin again. Throws `api.invalid`. */
function after(points: readonly Point[], cursor: string): number {
  const [at = '', id = ''] = cursor.split(' ');
  const atMs = Date.parse(at);
  if (Number.isNaN(atMs)) throw new LifeboatError('api.invalid', 'this is no cursor', { where: 'query.cursor' });
  const found = points.findIndex((one) => Date.parse(one.at) < atMs || (one.at === at && one.id < id));
  return found < 0 ? points.length : found;
}
