import { resolve } from 'node:path';
import type { Existing, TableFigures, TableResult } from '../../../assets/index.ts';
import { formatBytes, formatDuration, isoTime, LifeboatError } from '../../../core/index.ts';
import {
  lookAtTables,
  restoreTables,
  type RestoreRequest,
  type RestoreTablesRequest,
  type TablesReport,
  type Workspace,
} from '../../../operations/index.ts';
import type { CommandContext, CommandResult } from '../../command.ts';
import type { Input } from '../../input.ts';
import { dataText } from './restore-words.ts';

const tableFlags = ['existing', 'database', 'server', 'sandbox', 'before-image'] as const;

/** Whether `restore` is to bring back single tables. Throws `input.flag` for flags that do not go together. */
export function asksForTables(input: Input): boolean {
  if (input.texts('table').length > 0) {
    const wrong = (['start', 'in-place'] as const).find((flag) => input.flag(flag));
    if (wrong === undefined) return true;
    throw new LifeboatError('input.flag', `--${wrong} means nothing with --table`, {
      hint: 'The copy that tables are taken from goes away by itself.',
    });
  }
  const isOurs = (flag: string): boolean => flag !== 'server' || !input.flag('in-place');
  const lonely = tableFlags.find((flag) => isOurs(flag) && input.text(flag) !== undefined);
  if (lonely === undefined) return false;
  throw new LifeboatError('input.flag', `--${lonely} means nothing without --table`);
}

/** `restore --table`: looks, asks for consent where a server would be changed, does it, and says what was done. */
export async function runRestoreTables(
  context: CommandContext,
  workspace: Workspace,
  input: Input,
  from: RestoreRequest,
): Promise<CommandResult> {
  const request = requestOf(context, input, from);
  if ('url' in request.tables.target && !request.dryRun && !context.yes)
    await askForConsent(context, workspace, request);
  const report = await restoreTables(workspace, request);
  show(context, report);
  const { refusal } = report;
  return { json: jsonOf(report, request), ...(refusal === undefined ? {} : { error: refusal }) };
}

function requestOf(context: CommandContext, input: Input, from: RestoreRequest): RestoreTablesRequest {
  const to = input.text('to') as string;
  const [database, server, sandbox, image] = [
    input.text('database'),
    input.text('server'),
    input.text('sandbox'),
    input.text('before-image'),
  ];
  return {
    from,
    tables: {
      tables: input.texts('table'),
      target: /^postgres(ql)?:\/\//.test(to) ? { url: to } : { file: resolve(context.folder, to) },
      existing: existingOf(input.text('existing') ?? 'fail'),
      ...(database === undefined ? {} : { database }),
      ...(server === undefined ? {} : { server }),
    },
    ...(sandbox === undefined ? {} : { sandboxFolder: resolve(context.folder, sandbox) }),
    ...(image === undefined ? {} : { beforeImage: resolve(context.folder, image) }),
    dryRun: input.flag('dry-run'),
  };
}

function existingOf(text: string): Existing {
  if (text === 'fail' || text === 'skip' || text === 'replace') return text;
  const schema = /^schema=(.+)$/.exec(text)?.[1];
  if (schema !== undefined) return { schema };
  throw new LifeboatError('input.flag', `--existing must be fail, skip, replace or schema=NAME, not "${text}"`);
}

/** Says on which server what would be done, and waits for a person to say yes. */
async function askForConsent(
  { output }: CommandContext,
  workspace: Workspace,
  request: RestoreTablesRequest,
): Promise<never> {
  const { plan, outlook } = await lookAtTables(workspace, request);
  const whose = outlook.isSource ? `the cluster that the points of ${request.from.asset} are of` : 'another cluster';
  output.line(`target    ${outlook.target}, cluster ${outlook.server}: ${whose}`);
  output.line(`tables    ${request.tables.tables.join(', ')}, ${dataText(plan)}`);
  for (const doubt of outlook.doubts) output.line(`unknown   ${doubt}`);
  output.line('Nothing was changed.');
  throw new LifeboatError('restore.consent', `${outlook.target} (${whose}) would be changed`, {
    hint: `Look first, with figures: --dry-run. Then say --yes --server ${outlook.server}`,
  });
}

function show(context: CommandContext, report: TablesReport): void {
  const { output } = context;
  const { plan, outlook, tables, result, fileBytes, restored, warnings, seconds } = report;
  const server = outlook.server === undefined ? '' : `, cluster ${outlook.server}`;
  const whose = outlook.server === undefined ? '' : outlook.isSource ? ' (the source)' : ' (not the source)';
  const reached = restored.reached?.lsn === undefined ? '' : `, replayed to ${restored.reached.lsn}`;
  output.line(`from      ${plan.store}: ${dataText(plan, restored.reached)}${reached}`);
  output.line(`target    ${outlook.target}${server}${whose}`);
  if (fileBytes !== undefined) return showFile(context, report, fileBytes);
  output.table(
    ['table', 'in the target', '>rows', '>size', '>missing', '>same', '>changed', '>only there'],
    tables.map((table) => [table.table, placeOf(table), ...numbersOf(table)]),
  );
  for (const warning of warnings) output.line(`warning: ${warning}`);
  if (result === undefined) {
    for (const line of aheadLines(report)) output.line(line);
    return output.line('Nothing was changed. The sandbox is gone.');
  }
  for (const table of result.tables) output.line(`${output.mark(true)} ${table.as}: ${changeText(table)}`);
  for (const { name, to } of result.sequences) output.line(`  the sequence ${name} was moved to ${to}`);
  if (result.beforeImage !== undefined)
    output.line(`What was replaced is kept: ${result.beforeImage} (to put it back: psql --file)`);
  output.line(`Done in ${formatDuration(seconds * 1000)}.`);
}

/** Nothing is there that they could be compared with. */
function showFile({ output }: CommandContext, report: TablesReport, fileBytes: number): void {
  const { tables, result, needs = { objects: [], roles: [] }, warnings, seconds } = report;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const size = `${tables.length} table${tables.length === 1 ? '' : 's'}, ${rows} rows, ${formatBytes(fileBytes)}`;
  if (result === undefined)
    output.table(
      ['table', 'in the file', '>rows', '>in the server'],
      tables.map((table) => [table.table, table.as, String(table.rows), formatBytes(table.bytes)]),
    );
  for (const warning of warnings) output.line(`warning: ${warning}`);
  if (needs.objects.length > 0)
    output.line(
      `warning: it does not load into an empty database: it needs ${needs.objects.join(', ')}. SCHEMA.* brings all of a schema.`,
    );
  if (needs.roles.length > 0)
    output.line(`needs     the roles ${needs.roles.join(', ')}, which own what is in it or were granted something`);
  if (result === undefined) {
    output.line(`writes    ${size}`);
    for (const line of aheadLines(report)) output.line(line);
    return output.line('Nothing was written. The sandbox is gone.');
  }
  for (const table of result.tables) output.line(`${output.mark(true)} ${table.as}: ${changeText(table)}`);
  output.line(`Done in ${formatDuration(seconds * 1000)}: ${size}.`);
}

/** Of a look: what it costs to do it. */
function aheadLines({ sandbox, keeps, expected }: TablesReport): string[] {
  const ofLog = sandbox.logBytes === 0 ? '' : `, and what ${formatBytes(sandbox.logBytes)} of log add at most`;
  const kept =
    keeps === undefined
      ? []
      : keeps.file === undefined
        ? ['keeps     nothing first: no row is replaced']
        : [`keeps     ${keeps.rows} rows first, about ${formatBytes(keeps.bytes)}: in ${keeps.file}`];
  return [
    `sandbox   ${sandbox.folder}: ${formatBytes(sandbox.bytes)}${ofLog}; gone afterwards`,
    ...kept,
    ...(expected === undefined ? [] : [`time      ${formatDuration(expected.seconds * 1000)}: ${expected.from}`]),
  ];
}

const changeText = (table: TableResult['tables'][number]): string =>
  'written' in table ? `${table.written} rows written` : `${table.inserted} rows inserted, ${table.replaced} replaced`;

const placeOf = ({ as, action }: TableFigures): string => (action === 'create' ? `${as} (new)` : as);

const numbersOf = ({ rows, bytes, missing = 0, same = 0, changed = 0, onlyInTarget = 0 }: TableFigures): string[] => [
  String(rows),
  formatBytes(bytes),
  ...[missing, same, changed, onlyInTarget].map(String),
];

const jsonOf = (
  {
    plan,
    outlook,
    tables,
    result,
    fileBytes,
    needs,
    restored,
    sandbox,
    keeps,
    expected,
    warnings,
    seconds,
  }: TablesReport,
  { tables: asked, dryRun }: RestoreTablesRequest,
): Record<string, unknown> => ({
  dryRun,
  asset: plan.request.asset,
  point: plan.point.id,
  pointAt: isoTime(plan.point.atMs),
  store: plan.store,
  target: outlook.target,
  server: outlook.server ?? null,
  isSource: outlook.isSource,
  existing: asked.existing,
  bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
  tables,
  ...(fileBytes === undefined ? {} : { fileBytes }),
  ...(needs === undefined ? {} : { needs: [...needs.objects, ...needs.roles.map((role) => `role ${role}`)] }),
  sandbox,
  ...(keeps === undefined ? {} : { keeps: { ...keeps, file: keeps.file ?? null } }),
  ...(expected === undefined ? {} : { secondsExpected: expected.seconds, expectedFrom: expected.from }),
  done: result?.tables ?? [],
  sequences: result?.sequences ?? [],
  beforeImage: result?.beforeImage ?? null,
  reached: restored.reached ?? { time: isoTime(plan.point.atMs) },
  checks: restored.checks,
  warnings,
  seconds,
});
