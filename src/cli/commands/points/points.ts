import { formatBytes, formatDuration, isoTime, LifeboatError } from '../../../core/index.ts';
import {
  coldIn,
  isBeingTaken,
  listPoints,
  thawWords,
  type ListedPoint,
  type PointThaw,
  type Workspace,
} from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { asOf, withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Lists the recovery points of an asset, or of all, newest last, from every store that answers: the moment whose data each holds, its size, where it is (and where it lies in a cold class, which, and how long a thaw takes), when every byte of it was last read back (verified; a store that was found damaged since is named instead) and when it was last restored with all checks green (proven). The exit code is 1 if a point cannot be read, and 4 if a store did not answer.',
  arguments: [{ name: 'ASSET', summary: 'only the points of this asset', optional: true }],
  options: [
    {
      flags: '--as-of <TIME>',
      summary:
        'of stores that keep versions, as they were at this moment: what was deleted or overwritten since is there; the others say that they cannot',
    },
  ],
  examples: [
    'lifeboat points',
    'lifeboat points orders',
    'lifeboat points orders --json | jq -r .points[-1].id',
    'lifeboat points --as-of 2026-11-20T12:00:00Z',
  ],
  run: async (context, input) =>
    withWorkspace(asOf(context, input), async (workspace) => {
      const list = await listPoints(workspace, input.optionalArgument('ASSET'), context.signal);
      const { points, damage, unanswered } = list;
      const cold = await coldIn(workspace, list, context.signal);
      const nowMs = workspace.clock.now();
      const { output } = context;
      if (points.length === 0) output.line(noneText(workspace, input.optionalArgument('ASSET')));
      else
        output.table(
          ['asset', 'point', 'data of', '>age', 'kind', '>size', 'stores', 'verified', 'proven'],
          points.map((item) => [...row(item, nowMs, cold.get(item.point.id))]),
        );
      for (const { store, object, what } of damage) output.line(`${output.mark(false)} ${store}: ${object}: ${what}`);
      for (const { store, error } of unanswered)
        output.line(`${output.mark(false)} ${store} did not answer: ${error.message}`);
      const json = {
        points: points.map((item) => ({ ...pointJson(item), cold: cold.get(item.point.id) ?? [] })),
        damage,
        unanswered: unanswered.map(({ store, error }) => ({ store, ...error.toJSON() })),
      };
      if (damage[0] === undefined) {
        // A store without a past was not asked for one by name.
        const silent = unanswered.find(
          ({ error }) => input.text('as-of') === undefined || error.code !== 'store.unfit',
        );
        return silent === undefined ? { json } : { json, error: silent.error };
      }
      const what = `${damage.length} object${damage.length === 1 ? '' : 's'} of the repository cannot be read`;
      const hint = 'See the whole extent: lifeboat verify --all';
      return { json, error: new LifeboatError('repository.damaged', what, { where: damage[0].object, hint }) };
    }),
};

function row(
  { point, stores, verifiedMs, damagedIn, provenMs }: ListedPoint,
  nowMs: number,
  cold: readonly PointThaw[] = [],
): string[] {
  const ago = (ms: number | undefined): string => (ms === undefined ? 'never' : `${formatDuration(nowMs - ms)} ago`);
  return [
    point.asset,
    point.id,
    isoTime(point.atMs),
    formatDuration(Math.max(0, nowMs - point.atMs)),
    point.kind,
    formatBytes(point.bytes),
    [stores.join(', '), ...cold.map(thawWords)].join('; '),
    damagedIn.length === 0
      ? ago(verifiedMs)
      : damagedIn.map(({ store, atMs }) => `DAMAGED in ${store} ${ago(atMs)}`).join(', '),
    ago(provenMs),
  ];
}

function noneText(workspace: Workspace, asked: string | undefined): string {
  const assets = asked === undefined ? [...workspace.plan.assets.keys()] : [asked];
  const taken = assets.filter((asset) => isBeingTaken(workspace, asset));
  return taken.length === 0
    ? 'No recovery point yet. Take one: lifeboat backup'
    : `No recovery point yet. One of ${taken.join(', ')} is being taken now.`;
}

const pointJson = ({
  point,
  stores,
  since,
  verifiedMs,
  damagedIn,
  provenMs,
}: ListedPoint): Record<string, unknown> => ({
  id: point.id,
  asset: point.asset,
  kind: point.kind,
  at: isoTime(point.atMs),
  bytes: point.bytes,
  storedBytes: point.storedBytes,
  files: point.files,
  stores,
  since: Object.fromEntries(Object.entries(since).map(([store, atMs]) => [store, isoTime(atMs)])),
  verifiedAt: verifiedMs === undefined ? null : isoTime(verifiedMs),
  damagedIn: damagedIn.map(({ store, atMs }) => ({ store, at: isoTime(atMs) })),
  provenAt: provenMs === undefined ? null : isoTime(provenMs),
  warnings: point.facts.warnings,
});
