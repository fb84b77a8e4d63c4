import { z } from 'zod';
import { recoveryTargetIn } from '../../app/index.ts';
import { formatDuration, isoTime } from '../../core/index.ts';
import { planRestore, restore as restoreAsset, type RestorePlan, type RestoreRequest } from '../../operations/index.ts';
import {
  restore,
  restoreList,
  restorePreview,
  restoreWish,
  startRestore,
  type RestorePreview,
  type RestoreWish,
} from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { requestOf } from '../hands/restores.ts';
import { mustBeKnown } from '../hands/protect.ts';

const params = z.object({ id: z.string().max(64) });

export function restoreRoutes(desk: Desk): void {
  const { restores, operations } = desk;
  define(
    desk,
    {
      method: 'get',
      path: '/restores',
      needs: 'viewer',
      about: 'Restores that were asked for here lately',
      answer: restoreList,
    },
    () => ({
      folder: restores.folder,
      restores: operations.list().flatMap((one) => (restores.has(one.id) ? [restores.show(one)] : [])),
    }),
  );
  define(
    desk,
    {
      method: 'post',
      path: '/restores/preview',
      needs: 'operator',
      about: 'A dry run: what a restore would do; changes nothing',
      body: restoreWish,
      answer: restorePreview,
    },
    async ({ body, caller, about }) => {
      about(`${body.asset} to ${body.target}`);
      mustBeKnown({ plan: desk.host.plan() }, [body.asset]);
      const request = await wishOf(desk, body);
      const plan = await desk.lend((workspace) => planRestore(workspace, request));
      await plan.replay?.close();
      const { id, expiresMs } = restores.keep(plan, caller.name);
      return previewOf(plan, id, expiresMs);
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/restores',
      needs: 'operator',
      about: 'Execute a dry run, once',
      body: startRestore,
      answer: restore,
      status: 202,
    },
    ({ body, caller, about }) => {
      const plan = restores.take(body.preview, caller.name);
      const { asset } = plan.request;
      about(`${asset} to ${plan.target}`);
      const wish = { kind: 'restore', about: `restore ${asset} to ${plan.target}`, by: caller.name } as const;
      const operation = operations.start(wish, async ({ id, signal, progress }) => {
        const report = await desk.lend((workspace) => restoreAsset(workspace, requestOf(plan, signal)), progress);
        restores.ended(id, report);
        return `restored to ${report.plan.target} in ${formatDuration(report.seconds * 1000)}, ${report.checks.length} checks green`;
      });
      restores.began(operation.id, plan);
      return restores.show(operation);
    },
  );
  define(
    desk,
    { method: 'get', path: '/restores/{id}', needs: 'viewer', about: 'How far a restore is', params, answer: restore },
    ({ params: { id } }) => restores.show(operations.find(id)),
  );
  define(
    desk,
    {
      method: 'post',
      path: '/restores/{id}/cancel',
      needs: 'operator',
      about: 'Stop a restore; its target was never there',
      params,
      answer: restore,
    },
    ({ params: { id }, caller, about }) => {
      about(id);
      restores.show(operations.find(id));
      return restores.show(operations.cancel(id, caller.name));
    },
  );
}

async function wishOf({ restores }: Desk, wish: RestoreWish): Promise<RestoreRequest> {
  const { asset, point, store, start = false, at, before } = wish;
  const recover = recoveryTargetIn({ at, before });
  return {
    asset,
    target: await restores.targetOf(wish.target),
    start,
    // A server that was left running is there when this one has ended.
    stay: true,
    ...(point === undefined ? {} : { point }),
    ...(store === undefined ? {} : { store }),
    ...(recover === undefined ? {} : { recover }),
    ...(recover?.kind === 'time' ? { atMs: recover.atMs } : {}),
  };
}

function previewOf(plan: RestorePlan, id: string, expiresMs: number): RestorePreview {
  const { request, point, store, others, replay } = plan;
  return {
    id,
    expiresAt: isoTime(expiresMs),
    asset: request.asset,
    target: plan.target,
    point: { id: point.id, at: isoTime(point.atMs), kind: point.kind },
    store,
    others: [...others],
    bytes: plan.bytes,
    files: plan.files,
    secondsExpected: plan.secondsExpected ?? null,
    expectedFrom: plan.expectedFrom ?? null,
    overwrites: [],
    steps: stepsOf(plan),
    log:
      replay === undefined
        ? null
        : {
            from: replay.from,
            to: replay.upTo,
            bytes: replay.bytesExpected,
            reachableAt: replay.reachableMs === undefined ? null : isoTime(replay.reachableMs),
          },
    start: request.start,
    rejected: plan.rejected.map(({ id: other, atMs, reason }) => ({ id: other, at: isoTime(atMs), reason })),
    damage: plan.damage.map(({ object, what }) => ({ object, what })),
    unanswered: plan.unanswered.map((one) => ({ ...one })),
  };
}

/** What was looked at now is proved; what only its doing shows is predicted, or nobody knows it. */
export function stepsOf({
  replay,
  alone,
  starts,
  request,
  target,
  point,
}: Pick<RestorePlan, 'replay' | 'alone' | 'starts' | 'request' | 'target' | 'point'>): RestorePreview['steps'] {
  return [
    { what: 'target', certainty: 'proved', words: `${target} is free and has enough room` },
    {
      what: 'read',
      certainty: 'predicted',
      words: `point ${point.id} is listed whole; each piece is authenticated when it is read`,
    },
    ...(alone === undefined
      ? []
      : [
          { what: 'replay', certainty: 'proved' as const, words: `nothing: ${aloneWords[alone](isoTime(point.atMs))}` },
        ]),
    ...(replay === undefined
      ? []
      : [
          {
            what: 'replay',
            certainty: 'predicted' as const,
            words: `the log leads from ${replay.from} to ${replay.upTo} without a gap`,
          },
        ]),
    {
      what: 'check',
      certainty: 'unknown',
      words: `${starts === undefined ? '' : `${starts} is started apart from everything, and `}the checks of ${request.asset} say whether it is right`,
    },
    { what: 'hand over', certainty: 'predicted', words: 'by one rename, only if every check is green' },
  ];
}

const aloneWords = {
  named: (at: string) =>
    `the point alone was asked for, and it ends at ${at}; name a moment to go on along the log behind it`,
  'no log': (at: string) => `no log leads on from the point, which ends at ${at}`,
} as const;
