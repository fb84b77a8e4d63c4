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
      const { results, failures } = await verify(workspace, {
        assets,
        everything: input.flag('all'),
        signal: context.signal,
      });
      for (const result of results) show(context, result);
      const damage = results.flatMap(({ store, damage: items }) => items.map((item) => ({ store, ...item })));
      const json = {
        checked: Object.fromEntries(results.map(({ store, checked, seconds }) => [store, { ...checked, seconds }])),
        damage,
        failures: failures.map((error) => error.toJSON()),
      };
      for (const error of failures)
        context.output.line(`${context.output.mark(false)} ${error.message} [${error.code}]`);
      if (damage[0] === undefined) return failures[0] === undefined ? { json } : { json, error: failures[0] };
      const objects = new Set(damage.map(({ object }) => object)).size;
      const what = `${objects} damaged object${objects === 1 ? '' : 's'} found`;
      const hint = 'Take new points now (lifeboat backup), then look after the disk or bucket.';
      return { json, error: new LifeboatError(damage[0].code, what, { where: damage[0].object, hint }) };
    }),
};

function show({ output }: CommandContext, { store, ok, checked, damage, seconds }: StoreVerification): void {
  const { points, objects, bytes, plainBytes } = checked;
  const extent = `${points} point${points === 1 ? '' : 's'}, ${objects} objects, ${formatBytes(bytes)} stored, ${formatBytes(plainBytes)} plain, ${formatDuration(seconds * 1000)}`;
  output.line(`${output.mark(ok)} ${store}: ${ok ? 'sound' : 'DAMAGED'} (${extent})`);
  for (const [object, items] of Map.groupBy(damage, (item) => item.object)) {
    const hurt = new Set(items.flatMap((item) => item.points));
    const suffering = hurt.size === 0 ? 'no point rests on it alone' : `points: ${[...hurt].join(', ')}`;
    const more = items.length === 1 ? '' : `, and ${items.length - 1} more findings in it`;
    output.line(`  ${object}: ${items[0]?.what}${more} (${suffering})`);
  }
}
