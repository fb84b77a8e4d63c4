import { isoTime } from '../../../core/index.ts';
import { forget, planForget, type ForgetPlan } from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Takes one recovery point out of the stores that have it: it is no longer listed and cannot be restored. Its data stays until a prune finds that no other point needs it, and no other point is touched. The last point of an asset, the last that was ever proven, and one that cannot be read now are kept unless --anyway is given. The journal keeps the record.',
  arguments: [{ name: 'POINT', summary: 'the id of the point; `lifeboat points` lists them' }],
  options: [
    { flags: '--store <STORE>', summary: 'only in this store' },
    { flags: '--anyway', summary: 'also where something speaks for keeping it' },
    { flags: '--dry-run', summary: 'show what would be forgotten; change nothing' },
  ],
  examples: [
    'lifeboat points forget 01kb9c3r8x0000000000000000 --dry-run',
    'lifeboat points forget 01kb9c3r8x0000000000000000 --store far',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const store = input.text('store');
      const request = {
        point: input.argument('POINT'),
        anyway: input.flag('anyway'),
        signal: context.signal,
        ...(store === undefined ? {} : { store }),
      };
      if (input.flag('dry-run')) {
        const plan = await planForget(workspace, request);
        show(context, plan, 'would be forgotten');
        for (const reason of plan.reasons) context.output.line(`kept unless --anyway is given: ${reason}`);
        return { json: { dryRun: true, ...jsonOf(plan), forgotten: [] } };
      }
      const report = await forget(workspace, request);
      show(context, report, 'is forgotten');
      return { json: { dryRun: false, ...jsonOf(report), forgotten: report.forgotten } };
    }),
};

function show({ output }: CommandContext, plan: ForgetPlan, what: string): void {
  if (plan.stores.length === 0) return output.line(`The point ${plan.point} was forgotten before.`);
  const of = plan.asset === undefined ? '' : ` of ${plan.asset}, data of ${isoTime(plan.atMs ?? 0)},`;
  output.line(`The point ${plan.point}${of} ${what} in ${plan.stores.join(', ')}.`);
  for (const { store, reason } of plan.unanswered)
    output.line(`${output.mark(false)} ${store} did not answer (${reason}): if the point is there, it stays.`);
}

const jsonOf = ({ point, asset, atMs, stores, reasons, unanswered }: ForgetPlan): Record<string, unknown> => ({
  point,
  asset: asset ?? null,
  at: atMs === undefined ? null : isoTime(atMs),
  stores,
  reasons,
  unanswered,
});
