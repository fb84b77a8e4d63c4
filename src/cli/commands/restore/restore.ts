import { resolve } from 'node:path';
import { formatBytes, formatDuration, isoTime, LifeboatError } from '../../../core/index.ts';
import {
  changeoverSentence,
  planRestore,
  restore,
  type RestorePlan,
  type RestoreReport,
  type RestoreRequest,
} from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Input } from '../../input.ts';
import { recoveryTargetOf } from './recovery-target.ts';
import { runRestoreInPlace } from './restore-in-place.ts';
import { asksForTables, runRestoreTables } from './restore-tables.ts';
import {
  dataText,
  listeningText,
  logJson,
  needsPassword,
  passwordText,
  pointLine,
  reachedText,
  replayLines,
  replayText,
} from './restore-words.ts';
import { asOf, withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Restores an asset beside, never over: into a target that does not exist yet. The newest point is taken unless --point or --at says otherwise; where a log is kept (lifeboat stream) it is replayed up to the target, and what was reached is compared with it. The copy is built next to the target, checked by the asset itself and by the plan’s checks (a database is started, apart from everything, and asked), and handed over by one rename only if every check is green. With --start a restored server is left running, reachable on this machine only. With --in-place a stopped data directory is made what it was: what is there is kept as a point of its own, what differs is written, and the folder does not start before it was replayed and every check is green (to take it back: lifeboat restore undo). With --table only those tables of a PostgreSQL come back: the whole is restored apart and checked, the tables are compared with the target, a file or a running database, and everything is changed in one transaction or nothing is; what is replaced is kept as a script.',
  arguments: [{ name: 'ASSET', summary: 'the asset to restore' }],
  options: [
    {
      flags: '--to <TARGET>',
      summary:
        'folder, file or data directory to make; with --table a file (.sql: statements, else an archive for pg_restore) or postgresql://host:port/database',
      required: true,
    },
    { flags: '--point <ID>', summary: 'this recovery point instead of the newest' },
    {
      flags: '--at <TARGET>',
      summary:
        'up to and with this moment (2026-11-21T03:00:00Z); where a log is kept also a position (16/B374D848), a transaction (728), a restore point by its name (name:…), or now (the default)',
    },
    { flags: '--before <TARGET>', summary: 'as --at, but just before it' },
    {
      flags: '--timeline <TIMELINE>',
      summary: 'where a log is kept: along this timeline (2), the latest (the default), or current: that of the point',
    },
    { flags: '--store <STORE>', summary: 'read from this store' },
    { flags: '--as-of <TIME>', summary: 'read stores that keep versions as they were at this moment' },
    { flags: '--start', summary: 'leave a restored server running and print its url' },
    {
      flags: '--port <PORT>',
      summary:
        'with --start: listen on this port of 127.0.0.1, where each role gives the password that it has at the source; default: any free port, and a private socket alone where the plan’s url has no password',
    },
    {
      flags: '--in-place',
      summary:
        'the target is the data directory of a stopped PostgreSQL of the same cluster: only what differs is written, after what is there was kept; needs --yes and --server',
    },
    { flags: '--table <NAME...>', summary: 'only these tables: shop.orders, shop.order_*, audit.* (a whole schema)' },
    {
      flags: '--existing <HOW>',
      summary:
        'with --table, what happens to rows whose key the target has: fail (the default), skip, replace, or schema=NAME to put the tables elsewhere',
    },
    {
      flags: '--database <NAME>',
      summary: 'with --table: take them from this database; default: the one of the plan’s url',
    },
    {
      flags: '--server <ID>',
      summary: 'with --table and --in-place: refuse any other target than the cluster with this system identifier',
    },
    { flags: '--sandbox <DIR>', summary: 'with --table: restore the whole below this folder meanwhile' },
    {
      flags: '--before-image <FILE>',
      summary: 'with --table: keep what is replaced here; default: below the folder of state',
    },
    { flags: '--dry-run', summary: 'say what would happen, change nothing' },
  ],
  examples: [
    'lifeboat restore uploads --to /srv/uploads-restored',
    'lifeboat restore orders --to /var/tmp/orders --start   # a PostgreSQL, running, checked',
    'lifeboat restore orders --to /var/tmp/orders --at 2026-11-21T03:00:00Z --dry-run',
    'lifeboat restore orders --to /var/tmp/orders --before 728   # just before that transaction',
    'lifeboat restore orders --to /var/lib/postgresql/17/main --in-place --before 728 --yes --server 7312345678901234567',
    'lifeboat restore orders --table shop.orders --to postgresql://db1/shop --before 728 --existing skip --yes   # lost rows come back',
    'lifeboat restore orders --table "audit.*" --to audit.dump',
  ],
  run: async (context, input) =>
    withWorkspace(asOf(context, input), async (workspace) => {
      if (asksForTables(input)) return runRestoreTables(context, workspace, input, requestOf(context, input));
      const request = requestOf(context, input);
      if (input.flag('in-place')) return runRestoreInPlace(context, workspace, input, request);
      if (input.flag('dry-run')) {
        const plan = await planRestore(workspace, request);
        showPlan(context, plan);
        return { json: { dryRun: true, ...planJson(plan) } };
      }
      const report = await restore(workspace, request);
      showReport(context, report);
      return { json: reportJson(report) };
    }),
};

function requestOf(context: CommandContext, input: Input): RestoreRequest {
  const point = input.text('point');
  const recover = recoveryTargetOf(input);
  const store = input.text('store');
  const port = input.number('port', 1, 65_535);
  if (port !== undefined && !input.flag('start')) {
    throw new LifeboatError('input.flag', '--port means nothing without --start');
  }
  return {
    asset: input.argument('ASSET'),
    target: resolve(context.folder, input.text('to') as string),
    start: input.flag('start'),
    stay: true,
    signal: context.signal,
    ...(point === undefined ? {} : { point }),
    ...(recover === undefined ? {} : { recover }),
    ...(recover?.kind === 'time' ? { atMs: recover.atMs } : {}),
    ...(store === undefined ? {} : { store }),
    ...(port === undefined ? {} : { port }),
  };
}

function showPlan({ output }: CommandContext, plan: RestorePlan): void {
  const { request, target, rejected, secondsExpected, expectedFrom, starts } = plan;
  const expected =
    secondsExpected === undefined
      ? 'not known: this asset was never restored'
      : `${formatDuration(secondsExpected * 1000)} (${expectedFrom ?? 'by earlier restores'})`;
  output.line(`asset     ${request.asset}`);
  output.line(pointLine(plan));
  if (plan.replay !== undefined) output.line(`brings    ${dataText(plan)}`);
  output.line(`target    ${target} (free, enough room)`);
  output.line(`size      ${formatBytes(plan.bytes)} in ${plan.files} files`);
  output.line(`time      ${expected}`);
  output.line(`overwrites nothing`);
  for (const line of replayLines(plan)) output.line(line);
  const after = request.start ? 'and left running at the target' : 'and stopped again';
  if (starts !== undefined) output.line(`starts    ${starts}, apart from everything, ${after}`);
  for (const { id, atMs, reason } of rejected) output.line(`not       ${id} of ${isoTime(atMs)}: ${reason}`);
  for (const { store: name, reason } of plan.unanswered)
    output.line(`unanswered ${name}: ${reason}; a newer point may be there`);
  output.line('Nothing was changed. Without --dry-run this is what happens.');
}

function showReport({ output }: CommandContext, report: RestoreReport): void {
  const { plan, checks, copy, damage, seconds } = report;
  output.line(
    `${output.mark(true)} ${plan.request.asset} restored to ${plan.target} in ${formatDuration(seconds * 1000)} (${formatBytes(plan.bytes)}, ${dataText(plan, report.reached)})`,
  );
  for (const { name, observed } of checks) output.line(`  ${output.mark(true)} ${name}: ${observed}`);
  if (plan.replay !== undefined) output.line(`  log ${replayText(plan.replay)}`);
  if (report.reached?.lsn !== undefined) output.line(`  reached ${reachedText(report.reached)}`);
  if (copy !== undefined)
    output.line(
      `running   ${copy.shownUrl}${listeningText(copy)}${passwordText(copy)}${copy.pid === undefined ? '' : ` (end it with: kill -INT ${copy.pid})`}`,
    );
  for (const { store: name, reason } of plan.unanswered) {
    output.line(`warning: the store ${name} did not answer (${reason}); a newer point may be there`);
  }
  for (const change of report.changeovers) output.line(`warning: ${changeoverSentence(change)}`);
  for (const warning of report.warnings) output.line(`warning: ${warning}`);
  for (const [object, items] of Map.groupBy(damage, (item) => item.object)) {
    output.line(`warning: ${object}: ${items[0]?.what} (the restored bytes are right; run: lifeboat verify --all)`);
  }
}

const planJson = (plan: RestorePlan): Record<string, unknown> => ({
  asset: plan.request.asset,
  point: plan.point.id,
  pointAt: isoTime(plan.point.atMs),
  store: plan.store,
  others: plan.others,
  target: plan.target,
  bytes: plan.bytes,
  files: plan.files,
  secondsExpected: plan.secondsExpected ?? null,
  expectedFrom: plan.expectedFrom ?? null,
  starts: plan.starts ?? null,
  rejected: plan.rejected,
  damage: plan.damage,
  unanswered: plan.unanswered,
  ...logJson(plan),
});

const reportJson = ({
  plan,
  seconds,
  checks,
  reached,
  copy,
  damage,
  changeovers,
  warnings,
}: RestoreReport): Record<string, unknown> => ({
  ...planJson(plan),
  seconds,
  checks,
  reached: reached ?? { time: isoTime(plan.point.atMs) },
  damage,
  changeovers,
  warnings,
  ...(copy === undefined
    ? {}
    : { url: copy.shownUrl, needsPassword: needsPassword(copy), address: copy.address ?? null, pid: copy.pid ?? null }),
});
