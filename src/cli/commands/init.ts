import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { registry } from '../../app/index.ts';
import { LifeboatError, limits, messageOf, writeFileDurably } from '../../core/index.ts';
import { importDocument, initialPlan, renderSchema, type ImportedPlan, type Remark } from '../../plan/index.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';
import type { Input } from '../input.ts';

export const command: Command = {
  description:
    'Writes a small, commented plan that works as it stands: one folder of files, one store, one key, one scenario and its monthly drill. With --from it reads a Markdown document about disaster recovery instead, as far as it can be read, and says what it understood, guessed and left over, each with its line; nothing in the document is executed, and nothing is made up. Writes the JSON Schema of the plan language into the folder of state too, so that editors complete and check the plan while it is written. Never writes over a plan.',
  options: [
    { flags: '--from <DOC>', summary: 'a Markdown document to read the plan from' },
    { flags: '--name <NAME>', summary: 'what the plan is called; default: the name of its folder' },
    { flags: '--data <PATH>', summary: 'the folder to protect, relative to the plan; default: ./data' },
    { flags: '--store <PATH>', summary: 'where copies go, relative to the plan; default: ./stores/near' },
  ],
  examples: [
    'lifeboat init',
    'lifeboat init --data ./uploads --store /mnt/other-disk/copies',
    'lifeboat init --from docs/DISASTER_RECOVERY.md   # then: lifeboat check',
    'export LIFEBOAT_PASSPHRASE=…   # then: lifeboat check, lifeboat store init near, lifeboat backup',
  ],
  run: async (context, input) => {
    if (existsSync(context.planFile)) throw alreadyThere(context.planFile);
    const from = input.text('from');
    const imported = from === undefined ? undefined : await readImport(context, input, from);
    const schema = join(context.stateFolder, 'lifeboat.schema.json');
    const schemaPath = pathFrom(dirname(context.planFile), schema);
    await write(schema, renderSchema(registry));
    await write(context.planFile, imported?.(schemaPath).plan ?? initialPlan(wordsOf(context, input, schemaPath)));
    context.output.line(`${context.output.mark(true)} wrote ${context.planFile}`);
    if (imported !== undefined) return reported(context, imported(schemaPath), schema);
    context.output.line('Next: export LIFEBOAT_PASSPHRASE=… and run: lifeboat check && lifeboat store init near');
    return { json: { plan: context.planFile, schema } };
  },
};

/** The document is read before anything is written; the plan names the schema that is written beside it. */
async function readImport(
  context: CommandContext,
  input: Input,
  from: string,
): Promise<(schema: string) => ImportedPlan> {
  const other = ['name', 'data', 'store'].find((option) => input.text(option) !== undefined);
  if (other !== undefined)
    throw new LifeboatError('input.flag', `--${other} does not go with --from: the document says it`);
  const file = resolve(context.folder, from);
  const text = await readDocument(file);
  const imported = await importDocument(text, basename(file));
  return (schema) => ({
    ...imported,
    plan: imported.plan.replace(/^(# yaml-language-server: \$schema=).*$/m, `$1${schema}`),
  });
}

async function readDocument(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > limits.importCharactersMax * 4) {
      throw new LifeboatError('limit.exceeded', `the document has ${size} bytes`, { where: file });
    }
    return new TextDecoder('utf-8').decode(await readFile(file));
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('input.file', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function reported({ output, planFile }: CommandContext, imported: ImportedPlan, schema: string): CommandResult {
  const { understood, guessed, leftOver } = imported;
  const parts: readonly (readonly [string, readonly Remark[]])[] = [
    ['Understood', understood],
    ['Guessed: read these', guessed],
    ['Left over: no part of the plan holds these', leftOver],
  ];
  for (const [title, remarks] of parts) {
    output.line();
    output.line(`${title} (${remarks.length})`);
    for (const { line, endLine, text } of remarks) output.line(`  ${lines(line, endLine).padEnd(9)} ${text}`);
  }
  output.line();
  output.line('Next: lifeboat check says what would go wrong with it on the day.');
  return { json: { plan: planFile, schema, understood, guessed, leftOver } };
}

const lines = (from: number, to: number): string => (from === to ? String(from) : `${from}–${to}`);

function wordsOf({ planFile }: CommandContext, input: Input, schema: string): Parameters<typeof initialPlan>[0] {
  const path = input.text('data');
  const store = input.text('store');
  return {
    name: nameOf(input.text('name') ?? basename(dirname(planFile))),
    schema,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(path === undefined ? {} : { path }),
    ...(store === undefined ? {} : { store }),
  };
}

/** Only what a name may hold; a folder may be called anything. */
function nameOf(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^[^A-Za-z]+|-+$/g, '');
  return name === '' ? 'first-plan' : name;
}

function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('.') ? path : `./${path}`;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFileDurably(file, text);
  } catch (error) {
    throw new LifeboatError('input.file', `${file} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

const alreadyThere = (planFile: string): LifeboatError =>
  new LifeboatError('input.exists', 'there is a plan already', {
    where: planFile,
    hint: 'Name another file with --plan, or check this one: lifeboat check',
  });
