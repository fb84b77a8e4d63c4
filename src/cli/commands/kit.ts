import { resolve } from 'node:path';
import { loadWorkspacePlan, makeKit, verifyKit } from '../../app/index.ts';
import { formatBytes, isLifeboatError, LifeboatError, systemClock } from '../../core/index.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';

export const command: Command = {
  description:
    'Makes the recovery kit: one folder or archive with the program as one file that needs nothing installed, the plan with what it includes, the runbook, and a page that says what to type for each store, key and asset. With it, a store and a key, a stranger restores on a bare machine. It holds no data and no secret, so keep it in several places, away from what it is for; make it anew when the plan changes. --verify reads every byte of a kit and says whether it is whole and still the plan; it ends with 1 when it is not.',
  options: [
    { flags: '--to <PLACE>', summary: 'the folder to make, or a file that ends with .tar' },
    {
      flags: '--program <FILE>',
      summary: 'the one-file program to put in; default: this one, or the one of npm run build',
    },
    { flags: '--verify <PLACE>', summary: 'says whether a kit is whole and still the plan; writes nothing' },
  ],
  examples: [
    'lifeboat kit --to /media/usb/kit',
    'lifeboat kit --to corner-shop-kit.tar',
    'lifeboat kit --verify /media/usb/kit',
  ],
  run: async (context, input) => {
    const [to, verify] = [input.text('to'), input.text('verify')];
    if ((to === undefined) === (verify === undefined)) {
      throw new LifeboatError('input.flag', 'one of --to and --verify says what to do', {
        hint: 'lifeboat kit --help has examples.',
      });
    }
    if (verify !== undefined) return check(context, resolve(context.folder, verify));
    const program = input.text('program');
    const place = resolve(context.folder, to as string);
    const record = await makeKit({
      planFile: context.planFile,
      to: place,
      clock: systemClock,
      program: program === undefined ? undefined : resolve(context.folder, program),
    });
    const bytes = record.files.reduce((sum, file) => sum + file.bytes, 0);
    context.output.line(
      `${context.output.mark(true)} kit of ${record.plan} made: ${place} (${record.files.length} files, ${formatBytes(bytes)})`,
    );
    context.output.line(`It runs on ${record.platform}. No secret is in it. Its first page: READ-ME-FIRST.txt`);
    return { json: { kit: place, ...record } };
  },
};

async function check(context: CommandContext, place: string): Promise<CommandResult> {
  const { output } = context;
  const { record, problems } = await verifyKit(place);
  const hash = await currentHash(context.planFile);
  const same = hash === undefined ? undefined : hash === record.planHash;
  for (const problem of problems) output.line(`${output.mark(false)} ${problem}`);
  if (problems.length === 0)
    output.line(`${output.mark(true)} the kit of ${record.plan}, made ${record.made}, is whole`);
  if (same === undefined) output.line('Whether it still is the plan cannot be said here: there is no plan beside it.');
  else
    output.line(`${output.mark(same)} ${same ? 'It still is the plan' : 'The plan has changed since: make a new one'}`);
  const ok = problems.length === 0 && same !== false;
  return { json: { ok, kit: place, problems, samePlan: same ?? null, ...record }, exitCode: ok ? 0 : 1 };
}

/** On the bare machine there may be no plan but the kit's own. */
async function currentHash(planFile: string): Promise<string | undefined> {
  try {
    return (await loadWorkspacePlan(planFile)).hash;
  } catch (error) {
    if (isLifeboatError(error, 'plan.missing')) return undefined;
    throw error;
  }
}
