import { z } from 'zod';
import { isoTime } from '../../core/index.ts';
import { operation, operationList, startBackups, startVerification, type OperationList } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { mustBeKnown, readBack, takePoints } from '../hands/protect.ts';

const params = z.object({ id: z.string().max(64) });
/** What comes next: enough for a screen. */
const dueShown = 20;

export function operationRoutes(desk: Desk): void {
  const { operations, host } = desk;
  define(
    desk,
    {
      method: 'get',
      path: '/operations',
      needs: 'viewer',
      about: 'What this server does, did lately, and does next',
      answer: operationList,
    },
    () => ({ ...scheduled(desk), operations: [...scheduled(desk).operations, ...operations.list()] }),
  );
  define(
    desk,
    {
      method: 'get',
      path: '/operations/{id}',
      needs: 'viewer',
      about: 'How far something is that was asked for here',
      params,
      answer: operation,
    },
    ({ params: { id } }) => operations.find(id),
  );
  define(
    desk,
    {
      method: 'post',
      path: '/operations/{id}/cancel',
      needs: 'operator',
      about: 'Stop something that was asked for here',
      params,
      answer: operation,
    },
    ({ params: { id }, caller, about }) => {
      about(id);
      return operations.cancel(id, caller.name);
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/backups',
      needs: 'operator',
      about: 'Take points',
      body: startBackups,
      answer: operation,
      status: 202,
    },
    ({ body: { assets }, caller, about }) => {
      about(assets.join(', '));
      mustBeKnown({ plan: host.plan() }, assets);
      const wish = { kind: 'backup', about: `backup ${assets.join(', ') || 'everything'}`, by: caller.name } as const;
      return operations.start(wish, ({ signal, progress }) =>
        desk.lend((workspace) => takePoints(workspace, assets, signal), progress),
      );
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/verifications',
      needs: 'operator',
      about: 'Read points back',
      body: startVerification,
      answer: operation,
      status: 202,
    },
    ({ body, caller, about }) => {
      const { assets } = body;
      about(assets.join(', '));
      mustBeKnown({ plan: host.plan() }, assets);
      const wish = { kind: 'verify', about: `verify ${assets.join(', ') || 'everything'}`, by: caller.name } as const;
      return operations.start(wish, ({ signal, progress }) =>
        desk.lend((workspace) => readBack(workspace, body, signal), progress),
      );
    },
  );
}

/** What the schedule does here, while it is ours. */
function scheduled({ host }: Desk): OperationList {
  const keeping = host.keeping();
  if (keeping === undefined) return { operations: [], streams: [], due: [] };
  const { scheduler, streams } = keeping;
  const nowElapsedMs = host.clock.elapsed();
  const due = scheduler.tasks.flatMap(({ id }) => {
    const atMs = scheduler.dueMs(id);
    return atMs === undefined || scheduler.running.some(({ task }) => task.id === id) ? [] : [{ task: id, atMs }];
  });
  return {
    operations: scheduler.running.map(({ task, beganMs, beganElapsedMs, silent }) => ({
      id: task.id,
      kind: task.work.kind,
      about: task.id,
      by: 'the schedule',
      state: 'running',
      startedAt: isoTime(beganMs),
      finishedAt: null,
      seconds: (nowElapsedMs - beganElapsedMs) / 1000,
      phase: '',
      done: null,
      total: null,
      unit: null,
      hangs: silent,
      run: null,
      words: '',
      error: null,
      cancellable: false,
    })),
    streams: streams.map(({ asset, last, error }) => ({
      asset,
      state: error === undefined ? (last?.state ?? 'beginning') : 'ended',
      words: error === undefined ? '' : `begun again: ${error.message} [${error.code}]`,
    })),
    due: due
      .toSorted((one, other) => one.atMs - other.atMs)
      .slice(0, dueShown)
      .map(({ task, atMs }) => ({ task, at: isoTime(atMs) })),
  };
}
