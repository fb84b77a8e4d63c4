import { formatBytes, formatDuration, isoTime, LifeboatError, shellWord } from '../../../core/index.ts';
import type { InPlaceDifference } from '../../../assets/index.ts';
import {
  differenceInPlace,
  planInPlace,
  restoreInPlace,
  type InPlacePlan,
  type InPlaceReport,
  type RestoreRequest,
  type Workspace,
} from '../../../operations/index.ts';
import type { CommandContext, CommandResult } from '../../command.ts';
import type { Input } from '../../input.ts';
import { dataText, logJson, pointLine, reachedText, replayLines } from './restore-words.ts';

/** `restore --in-place`: looks, asks for consent by the name of the cluster, does it, and says what was done. */
export async function runRestoreInPlace(
  context: CommandContext,
  workspace: Workspace,
  input: Input,
  request: RestoreRequest,
): Promise<CommandResult> {
  const wrong = (['start'] as const).find((flag) => input.flag(flag));
  if (wrong !== undefined) {
    throw new LifeboatError('input.flag', `--${wrong} means nothing with --in-place`, {
      hint: 'Afterwards start the server as it is always started.',
    });
  }
  const found = await planInPlace(workspace, request);
  await found.plan.replay?.close();
  if (input.flag('dry-run')) {
    const differs = await differenceInPlace(workspace, found);
    showPlan(context, found, differs);
    const { secondsExpected = null, expectedFrom = null } = found.plan;
    return { json: { dryRun: true, ...planJson(found), differs, secondsExpected, expectedFrom } };
  }
  mustConsent(context, input, found.look, () => showPlan(context, found), 'would be made what it was');
  const report = await restoreInPlace(workspace, request);
  showReport(context, report);
  return { json: reportJson(report) };
}

/** Who says --yes has to say to which cluster, and be right. Throws `restore.consent`, `asset.foreign`. */
export function mustConsent(
  { yes }: CommandContext,
  input: Input,
  { identity, path }: InPlacePlan['look'],
  show: () => void,
  what: string,
): void {
  const server = input.text('server');
  if (server !== undefined && server !== identity.id) {
    throw new LifeboatError('asset.foreign', `${path} is cluster ${identity.id}, not ${server}`, { where: path });
  }
  if (yes && server !== undefined) return;
  show();
  throw new LifeboatError('restore.consent', `${path}, cluster ${identity.id}, ${what}`, {
    hint: `Look first: --dry-run. Then say --yes --server ${identity.id}`,
  });
}

function showPlan(
  { output }: CommandContext,
  { plan, look, unfinished }: InPlacePlan,
  differs?: InPlaceDifference,
): void {
  output.line(`asset     ${plan.request.asset}`);
  output.line(pointLine(plan));
  if (plan.replay !== undefined) output.line(`brings    ${dataText(plan)}`);
  output.line(`target    ${look.path}: ${look.identity.description}, stopped, last ${look.state}`);
  if (unfinished !== undefined)
    output.line(`unfinished an earlier restore in place was interrupted; what was there is ${unfinished.before}`);
  output.line(`size      ${formatBytes(plan.bytes)} in ${plan.files} files, of which what differs is written`);
  if (differs !== undefined) output.line(`differs   ${differenceText(differs)}`);
  output.line(`time      ${timeText(plan)}`);
  for (const line of replayLines(plan)) output.line(line);
  output.line('replaces  what is there, which is kept first as a point in the same store');
  output.line('Nothing was changed.');
}

const differenceText = ({ files, bytes, removed }: InPlaceDifference): string =>
  `${formatBytes(bytes)} in ${files} files by size and time, of which only the pages that differ are written, and what a disk changed in silence; ${removed} files go`;

const timeText = ({ secondsExpected, expectedFrom }: InPlacePlan['plan']): string =>
  secondsExpected === undefined
    ? 'not known: this asset was never restored in place'
    : `${formatDuration(secondsExpected * 1000)} (${expectedFrom})`;

function showReport({ output }: CommandContext, report: InPlaceReport): void {
  const { plan, look, written, checks, seconds, before } = report;
  output.line(
    `${output.mark(true)} ${look.path} restored in place in ${formatDuration(seconds * 1000)}: ${formatBytes(written.bytesWritten)} of ${formatBytes(written.bytes)} written, ${written.filesWritten} of ${written.files} files, ${written.removed} removed (${dataText(plan, report.reached)})`,
  );
  for (const { name, observed } of checks) output.line(`  ${output.mark(true)} ${name}: ${observed}`);
  if (report.reached?.lsn !== undefined) output.line(`  reached ${reachedText(report.reached)}`);
  for (const warning of report.warnings) output.line(`warning: ${warning}`);
  output.line(
    `What was there is kept: ${before} in ${plan.store} (to bring it back: lifeboat restore undo ${plan.request.asset} --to ${shellWord(look.path)})`,
  );
  output.line('The server is stopped; start it as it is always started, then take a new point.');
}

const planJson = ({ plan, look, unfinished }: InPlacePlan): Record<string, unknown> => ({
  asset: plan.request.asset,
  point: plan.point.id,
  pointAt: isoTime(plan.point.atMs),
  store: plan.store,
  others: plan.others,
  target: look.path,
  server: look.identity.id,
  state: look.state,
  unfinished: unfinished?.before ?? null,
  bytes: plan.bytes,
  files: plan.files,
  damage: plan.damage,
  unanswered: plan.unanswered,
  ...logJson(plan),
});

const reportJson = (report: InPlaceReport): Record<string, unknown> => ({
  ...planJson({ plan: report.plan, look: report.look, unfinished: undefined }),
  before: report.before,
  written: report.written,
  seconds: report.seconds,
  checks: report.checks,
  reached: report.reached ?? { time: isoTime(report.plan.point.atMs) },
  damage: report.damage,
  changeovers: report.changeovers,
  warnings: report.warnings,
});
