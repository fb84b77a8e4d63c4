import { formatBytes, formatDuration, LifeboatError, parseBytes, toLifeboatError } from '../../../core/index.ts';
import { copyFailure, copyPairs, replicate, type CopyReport } from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Input } from '../../input.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Copies what one store holds to others, sealed as it is, so that no key is needed; an empty place becomes a store of the same repository. Each object is judged by its own hash on the way, and a recovery point appears in the copy only when everything it needs is there. Nothing whole is overwritten and nothing is removed; stopped or killed, it goes on where it was. Without names it makes every copy that the policies ask for. The exit code is 1 if a point waits or an object is damaged, which is then named.',
  arguments: [
    { name: 'FROM', summary: 'the store that is copied', optional: true },
    { name: 'TO', summary: 'the stores that it is copied to', optional: true, many: true },
  ],
  options: [
    { flags: '--rate <SIZE>', summary: 'copy no more than this a second: 5MB' },
    { flags: '--dry-run', summary: 'say what would be copied, change nothing' },
  ],
  examples: [
    'lifeboat store replicate',
    'lifeboat store replicate near far',
    'lifeboat store replicate near far --rate 5MB --dry-run',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const bytesPerSecond = rateOf(input);
      const dryRun = input.flag('dry-run');
      const copies: CopyReport[] = [];
      const failures: LifeboatError[] = [];
      for (const { from, to } of pairsOf(input, copyPairs(workspace.plan))) {
        if (context.signal.aborted) break;
        try {
          const request = { from, to, dryRun, signal: context.signal };
          copies.push(
            await replicate(workspace, bytesPerSecond === undefined ? request : { ...request, bytesPerSecond }),
          );
        } catch (error) {
          // A store that is away must not keep the others from their copy.
          failures.push(toLifeboatError(error));
        }
      }
      for (const copy of copies) show(context, copy, dryRun);
      for (const { message, code } of failures)
        context.output.line(`${context.output.mark(false)} ${message} [${code}]`);
      const json = { dryRun, copies, failures: failures.map((error) => error.toJSON()) };
      const error = failures[0] ?? copies.map(copyFailure).find((one) => one !== undefined);
      return error === undefined ? { json } : { json, error };
    }),
};

function pairsOf(
  input: Input,
  planned: readonly { from: string; to: string }[],
): readonly { from: string; to: string }[] {
  const from = input.optionalArgument('FROM');
  const to = input.arguments('TO');
  if (from === undefined) {
    if (planned.length > 0) return planned;
    throw new LifeboatError('input.flag', 'no policy of the plan asks for copies', {
      hint: 'Write `copy: { to: [STORE] }` into a policy, or name the stores: lifeboat store replicate FROM TO',
    });
  }
  if (to.length > 0) return to.map((target) => ({ from, to: target }));
  const own = planned.filter((pair) => pair.from === from);
  if (own.length > 0) return own;
  throw new LifeboatError('input.flag', `no policy of the plan asks for a copy of ${from}`, {
    hint: `Name where to: lifeboat store replicate ${from} TO`,
  });
}

function rateOf(input: Input): number | undefined {
  const text = input.text('rate');
  if (text === undefined) return undefined;
  const bytes = parseBytes(text);
  if (bytes > 0) return bytes;
  throw new LifeboatError('input.flag', '--rate must be more than nothing');
}

function show({ output }: CommandContext, copy: CopyReport, dryRun: boolean): void {
  const { from, to, objects, bytes, points, waiting, damage, mended, differing, seconds } = copy;
  const good = copyFailure(copy) === undefined;
  const did = dryRun ? 'would copy' : 'copied';
  const took = dryRun ? '' : ` in ${formatDuration(seconds * 1000)}`;
  output.line(
    `${output.mark(good)} ${from} to ${to}: ${did} ${objects} object${objects === 1 ? '' : 's'}, ${formatBytes(bytes)}, ${points.length} point${points.length === 1 ? '' : 's'}${took}`,
  );
  if (copy.isNew)
    output.line(`  ${to} ${dryRun ? 'would become' : 'is now'} a store of the repository ${copy.repository}`);
  for (const { object, what } of damage) output.line(`  damaged in ${from}, not copied: ${object}: ${what}`);
  for (const { point, reason } of waiting) output.line(`  waits: ${point}: ${reason}`);
  for (const object of mended) output.line(`  mended in ${to}: ${object}`);
  for (const object of differing) output.line(`  another object in ${to}, left as it is: ${object}`);
}
