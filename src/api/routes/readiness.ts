import { isoTime } from '../../core/index.ts';
import { readiness } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';

export function readinessRoutes(desk: Desk): void {
  define(
    desk,
    {
      method: 'get',
      path: '/readiness',
      needs: 'viewer',
      about: 'How ready we are: in the words and numbers of `lifeboat status`',
      answer: readiness,
      revision: async () => `${(await desk.views.readiness.get()).revision} ${desk.host.keeping() !== undefined}`,
    },
    async () => {
      const { value, atMs, renewing } = await desk.views.readiness.get();
      return { ...value, at: isoTime(atMs), renewing, keeper: desk.host.keeping() !== undefined };
    },
  );
}
