import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { registry } from '../../app/index.ts';
import { LifeboatError, messageOf, writeFileDurably } from '../../core/index.ts';
import { initialPlan, renderSchema } from '../../plan/index.ts';
import type { Command, CommandContext } from '../command.ts';
import type { Input } from '../input.ts';

export const command: Command = {
  description:
    'Writes a small, commented plan that works as it stands: one folder of files, one store, one key, one scenario and its monthly drill. Writes the JSON Schema of the plan language into the folder of state too, so that editors complete and check the plan while it is written. Never writes over a plan.',
  options: [
    { flags: '--name <NAME>', summary: 'what the plan is called; default: the name of its folder' },
    { flags: '--data <PATH>', summary: 'the folder to protect, relative to the plan; default: ./data' },
    { flags: '--store <PATH>', summary: 'where copies go, relative to the plan; default: ./stores/near' },
  ],
  examples: [
    'lifeboat init',
    'lifeboat init --data ./uploads --store /mnt/other-disk/copies',
    'export LIFEBOAT_PASSPHRASE=…   # then: lifeboat check, lifeboat store init near, lifeboat backup',
  ],
  run: async (context, input) => {
    if (existsSync(context.planFile)) throw alreadyThere(context.planFile);
    const schema = join(context.stateFolder, 'lifeboat.schema.json');
    await write(schema, renderSchema(registry));
    await write(context.planFile, initialPlan(wordsOf(context, input, schema)));
    context.output.line(`${context.output.mark(true)} wrote ${context.planFile}`);
    context.output.line('Next: export LIFEBOAT_PASSPHRASE=… and run: lifeboat check && lifeboat store init near');
    return { json: { plan: context.planFile, schema } };
  },
};

function wordsOf({ planFile }: CommandContext, input: Input, schema: string): Parameters<typeof initialPlan>[0] {
  const path = input.text('data');
  const store = input.text('store');
  return {
    name: nameOf(input.text('name') ?? basename(dirname(planFile))),
    schema: pathFrom(dirname(planFile), schema),
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
