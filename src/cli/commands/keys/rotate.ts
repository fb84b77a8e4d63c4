import { withRings } from '../../../app/index.ts';
import type { LifeboatError } from '../../../core/index.ts';
import type { OpenWorkspace } from '../../../app/index.ts';
import { rekey, rekeyOrder, type RekeyReport } from '../../../operations/index.ts';
import { rotateKeys } from '../../../repository/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { rekeySentences } from './rekey-words.ts';
import { failuresOf, ringRequestOf } from './ring-request.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Begins a new epoch: a new master key, wrapped for every recipient there is, in every store of the plan that answers; what is sealed from now on is sealed under it. Older points stay readable, for the old master keys stay in the bundle. Backups may run meanwhile. Killed anywhere, every recipient can still read everything, and running it again finishes it. It does not take back what a removed holder could read: that stays as it is until the points of that time are gone, or, with --rekey, until what they hold is written anew under the new key and the old packs are deleted. Nothing takes back what somebody copied. A store that does not answer is named and behind.',
  options: [
    { flags: '--leave-out-unknown', summary: 'go on although nobody vouches for a key; it stays at its epoch' },
    {
      flags: '--rekey',
      summary:
        'write what was sealed so far anew, and delete the old; it can be stopped, and goes on with store prune --rekey',
    },
    { flags: '--take-over', summary: 'a rotation was killed before it handed out its key: begin anew' },
  ],
  examples: ['lifeboat keys rotate', 'lifeboat keys remove "Anna, on call" && lifeboat keys rotate'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const { plan, clock, journal } = workspace;
      return withRings(ringRequestOf(context, plan, clock), async ({ groups, behind }) => {
        const { output } = context;
        const options = { clock, leaveOutUnknown: input.flag('leave-out-unknown'), takeOver: input.flag('take-over') };
        const rotated: { store: string; epoch: number; keys: readonly string[]; kept: readonly string[] }[] = [];
        const failed: { store: string; error: LifeboatError }[] = [...behind];
        for (const group of groups) {
          const report = await rotateKeys(
            group.map(({ ring }) => ring),
            options,
          );
          for (const { location, kept, error } of report.stores) {
            const store = group.find(({ ring }) => ring.store.location === location)?.store ?? location;
            if (error === undefined) rotated.push({ store, epoch: report.epoch, keys: report.renewed, kept });
            else failed.push({ store, error });
          }
          for (const { id } of report.left)
            output.line(`${output.mark(false)} the key ${id} stays at its epoch: nobody vouches for it`);
        }
        journal.append('keys.rotated', {
          stores: rotated,
          behind: failed.map(({ store, error }) => ({ store, code: error.code })),
        });
        for (const { store, epoch, keys, kept } of rotated) {
          output.line(
            `${output.mark(true)} ${store}: epoch ${epoch} for ${keys.length} key${keys.length === 1 ? '' : 's'}`,
          );
          if (kept.length > 0)
            output.line(
              `${store} keeps ${kept.length} older key objects (locked); they open what is older, and nothing new`,
            );
        }
        const rekeyed = input.flag('rekey') ? await sealAnew(context, workspace, rotated) : [];
        output.line(
          'Whoever was removed can still read what was sealed before, if they kept a key and can reach the objects, or copied them; nothing can take that back.',
        );
        const { failures, error } = failuresOf(context, failed);
        const json = { rotated, rekeyed, failures };
        return error === undefined ? { json } : { json, error };
      });
    }),
};

async function sealAnew(
  context: CommandContext,
  workspace: OpenWorkspace,
  rotated: readonly { readonly store: string }[],
): Promise<RekeyReport[]> {
  const reports: RekeyReport[] = [];
  for (const store of rekeyOrder(
    workspace,
    rotated.map((one) => one.store),
  )) {
    const report = await rekey(workspace, { store, signal: context.signal });
    for (const sentence of rekeySentences(report)) context.output.line(sentence);
    reports.push(report);
  }
  return reports;
}
