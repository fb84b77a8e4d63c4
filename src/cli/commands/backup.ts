import { formatBytes, formatDuration, isoTime, toLifeboatError, type LifeboatError } from '../../core/index.ts';
import {
  backupEverywhere,
  copyFailure,
  copyPoints,
  isKeptOutside,
  unknownAsset,
  type BackupReport,
} from '../../operations/index.ts';
import type { Command } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Takes a recovery point of each named asset, or of all, in every store of its policy. A point appears only when it is whole and durable and a sample of what it needs was read back, both of what is new and of what the store had already (`verify` reads every byte). Content that turns out damaged is stored again, and named in a warning. A backup that fails or is killed leaves nothing half-visible, and the next one uses what it had already uploaded. Then the points are copied to the stores that their policies name for copies; a copy that fails takes nothing from the point. The exit code is 0 only if every point was taken and copied.',
  arguments: [
    {
      name: 'ASSET',
      summary: 'assets to back up; default: all but those whose copies others make',
      optional: true,
      many: true,
    },
  ],
  examples: ['lifeboat backup', 'lifeboat backup orders uploads', 'lifeboat backup --json | jq .points'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const named = input.arguments('ASSET');
      const all = [...workspace.plan.assets.keys()].filter((asset) => !isKeptOutside(workspace, asset));
      const assets = named.length === 0 ? all : named;
      const unknown = assets.find((asset) => !workspace.plan.assets.has(asset));
      if (unknown !== undefined) throw unknownAsset(workspace.plan, unknown);
      const reports: BackupReport[] = [];
      const failures: { asset: string; error: LifeboatError }[] = [];
      for (const asset of assets) {
        if (context.signal.aborted) break;
        try {
          const done = await backupEverywhere(workspace, asset, context.signal);
          reports.push(...done.reports);
          failures.push(...done.failures.map((error) => ({ asset, error })));
        } catch (error) {
          failures.push({ asset, error: toLifeboatError(error) });
          // One asset's trouble must not keep the others from being protected; a stop on request must.
        }
      }
      const copied = await copyPoints(workspace, reports, context.signal);
      const late = copied.copies.flatMap((copy) => copyFailure(copy) ?? []);
      const copyFailures = [...copied.failures, ...late];
      if (reports.length > 0) show(context.output, reports);
      for (const { from, to, points, bytes } of copied.copies)
        context.output.line(
          `copied    ${points.length} point${points.length === 1 ? '' : 's'} from ${from} to ${to}, ${formatBytes(bytes)}`,
        );
      for (const error of copyFailures)
        context.output.line(`${context.output.mark(false)} not copied: ${error.message} [${error.code}]`);
      for (const { asset, error } of failures) {
        context.output.line(`${context.output.mark(false)} ${asset}: ${error.message} [${error.code}]`);
      }
      const json = {
        points: reports.map(pointJson),
        failures: failures.map(({ asset, error }) => ({ asset, ...error.toJSON() })),
        copies: copied.copies,
        copyFailures: copyFailures.map((error) => error.toJSON()),
      };
      const error = failures[0]?.error ?? copyFailures[0];
      return error === undefined ? { json } : { json, error };
    }),
};

const pointJson = ({ store, point, warnings }: BackupReport): Record<string, unknown> => ({
  id: point.id,
  asset: point.asset,
  at: isoTime(point.atMs),
  kind: point.kind,
  store,
  bytes: point.bytes,
  storedBytes: point.storedBytes,
  files: point.files,
  seconds: point.seconds,
  warnings,
});

function show(output: Parameters<Command['run']>[0]['output'], reports: readonly BackupReport[]): void {
  output.table(
    ['asset', 'point', 'store', '>size', '>new in store', '>time'],
    reports.map(({ asset, store, point }) => [
      asset,
      point.id,
      store,
      formatBytes(point.bytes),
      formatBytes(point.storedBytes),
      formatDuration(point.seconds * 1000),
    ]),
  );
  for (const { asset, warnings } of reports)
    for (const warning of warnings) output.line(`warning: ${asset}: ${warning}`);
}
