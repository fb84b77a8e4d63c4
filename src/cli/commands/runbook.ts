import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { registry, toolVersion } from '../../app/index.ts';
import {
  isoTime,
  LifeboatError,
  limits,
  messageOf,
  shellWord,
  systemClock,
  writeFileDurably,
} from '../../core/index.ts';
import {
  changesSince,
  checkPlan,
  filesOf,
  lint,
  PlanError,
  readCarried,
  runbookHtml,
  runbookMarkdown,
  runbookOf,
  tidyFindings,
  type Carried,
  type Runbook,
  type RunbookFormat,
} from '../../plan/index.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';
import type { Input } from '../input.ts';
import { printRunbook } from './print-runbook.ts';

export const command: Command = {
  description:
    'Renders the plan as a document that people can hold on a bad day: who to call, which scenario it is, each procedure in plain words with its commands, checklists, where the copies and keys are. It needs no network, and says on its first page what is known to be wrong with the plan. Without a format it writes Markdown and HTML; the same plan on the same day gives the same bytes. Each file carries the hash of the plan: --verify says whether a file still is the plan, and ends with 1 and what changed when it is not. Opens no store and reads no secret.',
  options: [
    { flags: '--markdown', summary: 'as Markdown' },
    { flags: '--html', summary: 'as one HTML file, to read and to print' },
    { flags: '--pdf', summary: 'as PDF, printed by Chromium where it is installed, else in a plainer layout' },
    { flags: '--out <DIR>', summary: 'the folder to write to; default: ./runbook' },
    { flags: '--date <DAY>', summary: 'the day it is made for (2026-11-21); default: today' },
    { flags: '--verify <FILE>', summary: 'says whether a rendered file still is the plan; writes nothing' },
  ],
  examples: [
    'lifeboat runbook',
    'lifeboat runbook --pdf --out /media/usb   # then print it, and put it into a drawer',
    'lifeboat runbook --verify runbook/corner-shop.pdf',
  ],
  run: async (context, input) => {
    const runbook = await renderPlan(context, input);
    const file = input.text('verify');
    if (file !== undefined) return verify(context, input, runbook, file);
    return write(context, input, runbook);
  },
};

async function renderPlan(context: CommandContext, input: Input): Promise<Runbook> {
  const date = dateOf(input);
  const { plan, findings: ofForm, document } = await checkPlan(context.planFile, registry);
  if (plan === undefined) throw new PlanError(context.planFile, ofForm);
  const findings = tidyFindings([...ofForm, ...lint(plan, document, Date.parse(`${date}T00:00:00Z`))]);
  const files = await Promise.all(
    filesOf(document).map(async (file) => ({ file: resolve(file), sha256: sha256(await readFile(file)) })),
  );
  return runbookOf({ plan, document, kinds: registry, findings, files, date, tool: toolVersion() });
}

function dateOf(input: Input): string {
  const date = input.text('date') ?? isoTime(systemClock.now()).slice(0, 10);
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(ms) && isoTime(ms).startsWith(date)) return date;
  throw new LifeboatError('input.flag', `"${date}" is not a day`, { hint: 'Write it like 2026-11-21.' });
}

const endings: Readonly<Record<RunbookFormat, string>> = { markdown: 'md', html: 'html', pdf: 'pdf' };

async function write(context: CommandContext, input: Input, runbook: Runbook): Promise<CommandResult> {
  const asked = (['markdown', 'html', 'pdf'] as const).filter((format) => input.flag(format));
  const folder = resolve(context.folder, input.text('out') ?? 'runbook');
  const formats: readonly RunbookFormat[] = asked.length === 0 ? ['markdown', 'html'] : asked;
  const targets = formats.map((format) => ({
    format,
    file: join(folder, `${runbook.record.plan}.${endings[format]}`),
  }));
  for (const { file } of targets) await mustBeOurs(file);
  const files: { file: string; format: RunbookFormat; bytes: number; sha256: string; by?: string }[] = [];
  for (const { format, file } of targets) {
    const { bytes, by } = await render(runbook, format, context);
    await save(file, bytes);
    files.push({ file, format, bytes: bytes.length, sha256: sha256(bytes), ...(by === undefined ? {} : { by }) });
    context.output.line(
      `${context.output.mark(true)} wrote ${shortPath(file)}${by === undefined ? '' : ` (printed by ${by})`}`,
    );
  }
  const { plan, hash } = runbook.record;
  context.output.line(
    `Is it still the plan? lifeboat runbook --verify ${shellWord(shortPath(files[0]?.file ?? folder))}`,
  );
  return { json: { plan, hash, date: runbook.record.date, files } };
}

async function render(
  runbook: Runbook,
  format: RunbookFormat,
  context: CommandContext,
): Promise<{ bytes: Buffer; by?: string }> {
  if (format === 'markdown') return { bytes: Buffer.from(runbookMarkdown(runbook)) };
  if (format === 'html') return { bytes: Buffer.from(runbookHtml(runbook)) };
  return printRunbook(runbook, { signal: context.signal, say: (text) => context.output.line(text) });
}

/** A file of that name that is no runbook was put there by somebody: it is not written over. */
async function mustBeOurs(file: string): Promise<void> {
  if (!existsSync(file) || readCarried(await readRendered(file)) !== undefined) return;
  throw new LifeboatError('input.exists', 'there is a file of that name already, and it is no runbook of Lifeboat', {
    where: file,
    hint: 'Name another folder with --out, or move that file away.',
  });
}

async function save(file: string, bytes: Buffer): Promise<void> {
  try {
    await writeFileDurably(file, bytes);
  } catch (error) {
    throw new LifeboatError('input.file', `${file} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

async function verify(context: CommandContext, input: Input, runbook: Runbook, name: string): Promise<CommandResult> {
  const other = ['markdown', 'html', 'pdf'].find((format) => input.flag(format)) ?? (input.text('out') && 'out');
  if (other !== undefined)
    throw new LifeboatError('input.flag', `--${other} does not go with --verify: nothing is written`);
  const file = resolve(context.folder, name);
  const carried = readCarried(await readRendered(file));
  if (carried === undefined) {
    throw new LifeboatError('input.file', `${name} is no runbook that Lifeboat rendered, or its end is missing`, {
      hint: 'A runbook carries the hash of its plan: Markdown at its end, HTML and PDF in their data.',
    });
  }
  const changes = changesSince(carried.record, runbook.record);
  const ok = changes.length === 0 && carried.record.hash === runbook.record.hash && carried.intact;
  tell(context, carried, runbook, changes);
  const { record, format, intact } = carried;
  const sameFiles = record.files === runbook.record.files;
  const then = { plan: record.plan, hash: record.hash, date: record.date, tool: record.tool };
  return {
    json: { ok, file, format, intact, sameFiles, rendered: then, hash: runbook.record.hash, changes },
    exitCode: ok ? 0 : 1,
  };
}

function tell(
  { output }: CommandContext,
  { record, intact }: Carried,
  runbook: Runbook,
  changes: readonly string[],
): void {
  const same = record.hash === runbook.record.hash;
  const made = `made on ${record.date}`;
  output.line(
    `${output.mark(same)} ${same ? 'It still is the plan' : 'It is not the plan any more'} (${made}, hash ${record.hash.slice(0, 12)}).`,
  );
  for (const change of changes.slice(0, changesMax)) output.line(`  ${change}`);
  if (changes.length > changesMax) output.line(`  and ${changes.length - changesMax} more`);
  if (same && record.files !== runbook.record.files)
    output.line('  Its files were laid out anew since; they say the same.');
  if (!intact)
    output.line(
      `${output.mark(false)} The file itself was changed after it was rendered: it says other things than the plan did.`,
    );
  if (!same || !intact) output.line('Render it again: lifeboat runbook');
}

const changesMax = 40;

async function readRendered(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > limits.runbookBytesMax)
      throw new LifeboatError('limit.exceeded', `the file has ${size} bytes`, { where: file });
    return await readFile(file);
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('input.file', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** As people would type it from where they are, unless that is a long way around. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
