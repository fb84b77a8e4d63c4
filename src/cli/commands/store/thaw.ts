import { loadWorkspacePlan, thawStore } from '../../../app/index.ts';
import { formatBytes, isoTime, LifeboatError, systemClock } from '../../../core/index.ts';
import { thawPoint } from '../../../operations/index.ts';
import type { Command, CommandContext, CommandResult } from '../../command.ts';
import type { Input } from '../../input.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Asks a store to make readable what it keeps in cold storage classes: what one point needs, everything, or what begins with the given names. Thawing takes the place hours; asking again shows how far it is, and --wait comes back when it is done. Readable copies stay for so many days, and are paid for. Changes no copy. Ends with 3 while something is not readable yet.',
  arguments: [
    { name: 'STORE', summary: 'a store of the plan' },
    { name: 'PREFIX', summary: 'only objects below these names: packs/4f', optional: true, many: true },
  ],
  options: [
    { flags: '--point <ID>', summary: 'only what this point needs' },
    { flags: '--wait', summary: 'with --point: come back when all of it can be read; may be stopped and begun again' },
    { flags: '--days <DAYS>', summary: 'how long the copies stay readable; default: 7' },
    { flags: '--dry-run', summary: 'count only, ask for nothing' },
  ],
  examples: [
    'lifeboat store thaw far --point 01kb9c3r8x0000000000000000 --wait',
    'lifeboat store thaw far',
    'lifeboat store thaw far --dry-run',
  ],
  run: async (context, input) => {
    const point = input.text('point');
    if (point !== undefined) return onePoint(context, input, point);
    if (input.flag('wait')) throw new LifeboatError('input.flag', '--wait needs --point');
    const name = input.argument('STORE');
    const plan = await loadWorkspacePlan(context.planFile);
    const thaw = await thawStore(plan, name, systemClock, {
      prefixes: input.arguments('PREFIX'),
      days: daysOf(input),
      dryRun: input.flag('dry-run'),
      signal: context.signal,
    });
    return shown(context, name, 'objects', thaw);
  },
};

function onePoint(context: CommandContext, input: Input, point: string): Promise<CommandResult> {
  const store = input.argument('STORE');
  if (input.arguments('PREFIX').length > 0)
    throw new LifeboatError('input.flag', '--point says what is needed: name no objects beside it');
  return withWorkspace(context, async (workspace) => {
    if (!workspace.plan.stores.has(store))
      throw new LifeboatError('plan.unknown_name', `the plan has no store ${store}`, {
        hint: `It has: ${[...workspace.plan.stores.keys()].join(', ')}.`,
      });
    const thaw = await thawPoint(workspace, {
      store,
      point,
      days: daysOf(input),
      dryRun: input.flag('dry-run'),
      wait: input.flag('wait'),
      signal: context.signal,
    });
    const { classes, bytes, frozen, thawing, untilMs, ...counts } = thaw;
    const where =
      classes.length === 0 ? 'in no cold class' : `${formatBytes(bytes)} in the class ${classes.join(', ')}`;
    context.output.line(`${point} needs ${classes.length === 0 ? 'nothing ' : ''}${where} of ${store}`);
    if (frozen + thawing === 0) context.output.line('All of it can be read now: lifeboat restore ASSET --to TARGET');
    const told = shown(context, store, 'packs', {
      ...counts,
      frozen,
      thawing,
      readable: 0,
      ...(untilMs === undefined ? {} : { untilMs }),
    });
    return { ...told, json: { ...told.json, classes, bytes } };
  });
}

type Thaw = Awaited<ReturnType<typeof thawStore>>;

function shown({ output }: CommandContext, store: string, things: string, thaw: Thaw): CommandResult {
  const { readable, thawed, thawing, frozen, hours, untilMs } = thaw;
  output.line(`${store}: ${readable + thawed} of ${readable + thawed + thawing + frozen} ${things} can be read now`);
  if (untilMs !== undefined) output.line(`${thawed} of them until ${isoTime(untilMs)}`);
  if (thawing > 0) output.line(`${thawing} are thawing, which takes up to ${hours} h; run again to see`);
  if (frozen > 0) output.line(`${frozen} are frozen; thawing takes up to ${hours} h`);
  return { json: { ...thaw, store }, exitCode: frozen + thawing === 0 ? 0 : 3 };
}

function daysOf(input: Input): number {
  const words = input.text('days') ?? '7';
  const days = Number(words);
  if (Number.isInteger(days) && days >= 1 && days <= 365) return days;
  throw new LifeboatError('input.flag', `--days takes a whole number from 1 to 365, not "${words}"`);
}
