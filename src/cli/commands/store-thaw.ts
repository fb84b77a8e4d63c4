import { loadWorkspacePlan, thawStore } from '../../app/index.ts';
import { isoTime, LifeboatError, systemClock } from '../../core/index.ts';
import type { Command, CommandContext } from '../command.ts';

export const command: Command = {
  description:
    'Asks a store to make readable what it keeps in cold storage classes: everything, or what begins with the given names. Thawing takes the place hours; asking again shows how far it is. Readable copies stay for so many days, and are paid for. Changes no copy. Ends with 3 while something is not readable yet.',
  arguments: [
    { name: 'STORE', summary: 'a store of the plan' },
    { name: 'PREFIX', summary: 'only objects below these names: packs/4f', optional: true, many: true },
  ],
  options: [
    { flags: '--days <DAYS>', summary: 'how long the copies stay readable; default: 7' },
    { flags: '--dry-run', summary: 'count only, ask for nothing' },
  ],
  examples: ['lifeboat store thaw far', 'lifeboat store thaw far --dry-run'],
  run: async (context, input) => {
    const name = input.argument('STORE');
    const plan = await loadWorkspacePlan(context.planFile);
    const thaw = await thawStore(plan, name, systemClock, {
      prefixes: input.arguments('PREFIX'),
      days: daysOf(input.text('days') ?? '7'),
      dryRun: input.flag('dry-run'),
      signal: context.signal,
    });
    show(context, name, thaw);
    return { json: { store: name, ...thaw }, exitCode: thaw.frozen + thaw.thawing === 0 ? 0 : 3 };
  },
};

function show({ output }: CommandContext, name: string, thaw: Awaited<ReturnType<typeof thawStore>>): void {
  const { readable, thawed, thawing, frozen, hours, untilMs } = thaw;
  output.line(`${name}: ${readable + thawed} of ${readable + thawed + thawing + frozen} objects can be read now`);
  if (untilMs !== undefined) output.line(`${thawed} of them until ${isoTime(untilMs)}`);
  if (thawing > 0) output.line(`${thawing} are thawing, which takes up to ${hours} h; run again to see`);
  if (frozen > 0) output.line(`${frozen} are frozen; thawing takes up to ${hours} h`);
}

function daysOf(words: string): number {
  const days = Number(words);
  if (Number.isInteger(days) && days >= 1 && days <= 365) return days;
  throw new LifeboatError('input.flag', `--days takes a whole number from 1 to 365, not "${words}"`);
}
