import { formatBytes, formatDuration, LifeboatError } from '../../core/index.ts';
import { unknownAsset, verify, type StoreVerification } from '../../operations/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Reads back every byte of the recovery points, decrypts it and compares it with what was recorded. With --all it reads every byte of every object in the stores, whether a point needs it or not. Changes nothing. The exit code is 1 if anything is damaged or missing, and each damage names the object and the points that suffer.',
  arguments: [{ name: 'ASSET', summary: 'only the points of these assets', optional: true, many: true }],
  options: [{ flags: '--all', summary: 'every byte of every object, needed or not' }],
  examples: ['lifeboat verify', 'lifeboat verify orders', 'lifeboat verify --all --json | jq .damage'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const assets = input.arguments('ASSET');
      const unknown = assets.find((asset) => !workspace.plan.assets.has(asset));
      if (unknown !== undefined) throw unknownAsset(workspace.plan, unknown);
      const results = await verify(workspace, { assets, everything: input.flag('all'), signal: context.signal });
      for (const result of results) show(context, result);
      const damage = results.flatMap(({ store, damage: items }) => items.map((item) => ({ store, ...item })));
      const json = {
        checked: Object.fromEntries(results.map(({ store, checked, seconds }) => [store, { ...checked, seconds }])),
        damage,
      };
      if (damage[0] === undefined) return { json };
      const what = `${damage.length} damaged object${damage.length === 1 ? '' : 's'} found`;
      const hint = 'Take new points now (lifeboat backup), then look after the disk or bucket.';
      return { json, error: new LifeboatError(damage[0].code, what, { where: damage[0].object, hint }) };
    }),
};

function show({ output }: CommandContext, { store, ok, checked, damage, seconds }: StoreVerification): void {
  const { points, objects, bytes, plainBytes } = checked;
  const extent = `${points} point${points === 1 ? '' : 's'}, ${objects} objects, ${formatBytes(bytes)} stored, ${formatBytes(plainBytes)} plain, ${formatDuration(seconds * 1000)}`;
  output.line(`${output.mark(ok)} ${store}: ${ok ? 'sound' : 'DAMAGED'} (${extent})`);
  for (const item of damage) {
    const suffering = item.points.length === 0 ? 'no point needs it' : `points: ${item.points.join(', ')}`;
    output.line(`  ${item.object}: ${item.what} (${suffering})`);
  }
}
