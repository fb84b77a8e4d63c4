import { resolve } from 'node:path';
import { shareKeys, withRings } from '../../../app/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Plan } from '../../../plan/index.ts';
import type { Command } from '../../command.ts';
import type { Input } from '../../input.ts';
import { failuresOf, ringRequestOf } from './ring-request.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Makes a key that nobody has whole: a fresh identity is split so that any so many of the holders open the copies together, and fewer learn nothing. Each holder gets one sheet to print (text and PDF, mode 0600) with their share in words; the sheets are the only place where anything secret is written, and the identity itself is kept nowhere. The sheets are read back and shown to open the stores before the command ends. Who they are comes from the plan (keys.*.shares), or from the flags. Sets that were made before go on opening until they are removed.',
  options: [
    {
      flags: '--to <FOLDER>',
      summary: 'the folder to make for the sheets; on a medium that can be destroyed',
      required: true,
    },
    { flags: '--of <N>', summary: 'how many shares; default: the plan’s' },
    { flags: '--needed <K>', summary: 'how many open the copies; default: the plan’s' },
    { flags: '--holder <NAME...>', summary: 'who gets them, one for each share; default: the plan’s' },
  ],
  examples: [
    'lifeboat keys share --to /media/usb/sheets   # print them, hand them out, destroy the stick',
    'lifeboat keys share --to sheets --of 3 --needed 2 --holder "on-call lead" "board safe" notary',
  ],
  run: async (context, input) =>
    withWorkspace(context, async ({ plan, clock, journal }) =>
      withRings(ringRequestOf(context, plan, clock), async (rings) => {
        const { output } = context;
        const folder = resolve(context.folder, input.text('to') as string);
        const shape = shapeOf(plan, input);
        const report = await shareKeys({ plan, clock, folder, ...shape }, rings);
        journal.append('keys.shared', { set: report.set, of: shape.of, needed: shape.needed, holders: shape.holders });
        output.line(
          `${output.mark(true)} any ${shape.needed} of these ${shape.of} sheets open the copies (set ${report.set}); tried just now`,
        );
        for (const { holder, pdf } of report.sheets) output.line(`  ${holder}: ${pdf} (and .txt)`);
        output.line(`Print each, hand it to its holder, then destroy ${folder}: whoever reads it has the key.`);
        for (const { key, set } of report.earlier)
          output.line(`The earlier set ${set} still opens: lifeboat keys remove ${key}`);
        const done = report.keys.filter(({ error }) => error === undefined);
        const { failures, error } = failuresOf(context, [...report.keys, ...rings.behind]);
        const json = {
          set: report.set,
          recipient: report.recipient,
          of: shape.of,
          needed: shape.needed,
          sheets: report.sheets,
          keys: done.map(({ store, key }) => ({ store, key })),
          earlier: report.earlier,
          failures,
        };
        return error === undefined ? { json } : { json, error };
      }),
    ),
};

function shapeOf(plan: Plan, input: Input): { of: number; needed: number; holders: string[] } {
  const planned = [...plan.keys.values()].find(({ shares }) => shares !== undefined)?.shares;
  const of = input.number('of', 2, 255) ?? planned?.of;
  const needed = input.number('needed', 2, 255) ?? planned?.needed;
  if (of === undefined || needed === undefined) {
    throw new LifeboatError('input.flag', 'nothing says how many shares there shall be', {
      hint: 'Give --of and --needed, or declare keys.*.shares: { of: 3, needed: 2, holders: […] } in the plan.',
    });
  }
  if (needed > of) throw new LifeboatError('input.flag', `${needed} of ${of} shares can never come together`);
  const given = input.texts('holder');
  const named = given.length > 0 ? given : (planned?.holders ?? []);
  const holders = named.length === 0 ? Array.from({ length: of }, (_, i) => `holder ${i + 1}`) : [...named];
  if (holders.length === of) return { of, needed, holders };
  throw new LifeboatError('input.flag', `${holders.length} holders are named for ${of} shares`, {
    hint: 'Name one for each share.',
  });
}
