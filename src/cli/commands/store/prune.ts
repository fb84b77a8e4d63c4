import { formatBytes, formatDuration, LifeboatError, parseBytes, toLifeboatError } from '../../../core/index.ts';
import { prune, tierSentences, type PruneReport } from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Input } from '../../input.ts';
import type { OpenWorkspace } from '../../../app/index.ts';
import { retainedOf, retentionJson, showRetention } from '../../show/show-retention.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Lets go of the points that the policies do not keep, then deletes what no point needs, and moves points whose tier has begun to its store or storage class. Backups may be at work meanwhile: what they may count on waits for them, and the next prune goes on. Nothing is deleted while any point cannot be read, nor, without --yes, when much more would go than the journal explains (exit code 3). It may be stopped or killed at any time, and repeated. What the store keeps (a lock, a hold) is named and is no failure.',
  arguments: [{ name: 'STORE', summary: 'stores to prune; default: all of the plan', optional: true, many: true }],
  options: [
    { flags: '--dry-run', summary: 'say what would go and what stays, and why; change nothing' },
    { flags: '--keep-points', summary: 'let no point go: only delete what none needs' },
    {
      flags: '--rewrite-at-most <SIZE>',
      summary: 'move no more than this out of packs that are mostly unneeded: 1GiB',
    },
    {
      flags: '--rekey',
      summary: 'write what was sealed under earlier keys anew, first of all; go on with what keys rotate --rekey began',
    },
    {
      flags: '--evict <ID...>',
      summary: 'backups or prunes of other machines that you know to be dead, by the ids that a prune names',
    },
  ],
  examples: [
    'lifeboat store prune --dry-run',
    'lifeboat store prune far',
    'lifeboat store prune far --rewrite-at-most 1GiB',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const reports: PruneReport[] = [];
      const failures: LifeboatError[] = [];
      for (const store of storesOf(workspace, input)) {
        if (context.signal.aborted) break;
        try {
          reports.push(await prune(workspace, requestOf(context, input, store)));
        } catch (error) {
          // A store that is away must not keep the others from their prune.
          failures.push(toLifeboatError(error));
        }
      }
      for (const report of reports) show(context, report);
      for (const { message, code } of failures)
        context.output.line(`${context.output.mark(false)} ${message} [${code}]`);
      const json = {
        dryRun: input.flag('dry-run'),
        stores: reports.map(jsonOf),
        failures: failures.map((error) => error.toJSON()),
      };
      return failures[0] === undefined ? { json } : { json, error: failures[0] };
    }),
};

function storesOf({ plan }: OpenWorkspace, input: Input): readonly string[] {
  const named = input.arguments('STORE');
  const unknown = named.find((store) => !plan.stores.has(store));
  if (unknown !== undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no store ${unknown}`, {
      hint: `It has: ${[...plan.stores.keys()].join(', ')}.`,
    });
  }
  return named.length === 0 ? [...plan.stores.keys()] : [...new Set(named)];
}

function requestOf(context: CommandContext, input: Input, store: string): Parameters<typeof prune>[1] {
  const rewrite = input.text('rewrite-at-most');
  return {
    store,
    dryRun: input.flag('dry-run'),
    keepPoints: input.flag('keep-points'),
    rekey: input.flag('rekey'),
    evict: input.texts('evict'),
    anyway: context.yes,
    signal: context.signal,
    ...(rewrite === undefined ? {} : { rewriteBytesMax: parseBytes(rewrite) }),
  };
}

function show({ output }: CommandContext, report: PruneReport): void {
  const { store, dryRun, result, retention, explanation, seconds } = report;
  const would = dryRun ? 'would go' : 'went';
  const going = (retention?.decisions ?? []).filter(({ keep }) => !keep);
  const freed = dryRun ? sum(result.unneeded, result.condemned) : result.deleted;
  output.line(
    `${output.mark(true)} ${store}: ${going.length} of ${going.length + result.points} points ${would}, ${formatBytes(freed.bytes)} in ${freed.packs} packs come back (${formatDuration(seconds * 1000)})`,
  );
  if (dryRun && retention !== undefined) showRetention(output, retention);
  else
    for (const { point, reasons } of going)
      output.line(`  ${point.id} of ${point.asset}: ${reasons.map(({ words }) => words).join('; ')}`);
  for (const { point, reason } of retainedOf(retention)) output.line(`  ${point} stays all the same: ${reason}`);
  for (const sentence of sentencesOf(report)) output.line(`  ${sentence}`);
  for (const sentence of logSentences(report)) output.line(`  ${sentence}`);
  if (report.tiers !== undefined)
    for (const sentence of tierSentences(report.tiers, dryRun)) output.line(`  ${sentence}`);
  for (const id of explanation.vanished)
    output.line(`  ${output.mark(false)} the point ${id} is gone, and no record says who gave it up`);
}

const logSentences = ({ logs, dryRun }: PruneReport): string[] =>
  logs.map(({ asset, objects, bytes, stays }) =>
    stays === undefined
      ? `of the log of ${asset} ${formatBytes(bytes)} in ${objects} objects ${dryRun ? 'would go' : 'went'}: no moment that the policy keeps needs them`
      : `all of the log of ${asset} stays: ${stays}`,
  );

/** What stays, and because of whom. */
function sentencesOf({ result, dryRun }: PruneReport): string[] {
  const {
    kept,
    rewritten,
    outdated,
    partlyUnused,
    busy,
    unreadable,
    writers,
    waiting,
    neededAgain,
    retained,
    blockedBy,
  } = result;
  const packs = ({ packs: count, bytes }: { packs: number; bytes: number }): string =>
    `${formatBytes(bytes)} in ${count} pack${count === 1 ? '' : 's'}`;
  const sentences = [`${packs(kept)} stay for the ${result.points} points`];
  const moved = dryRun ? 'would be' : 'were';
  if (rewritten.packs > 0)
    sentences.push(
      `${formatBytes(rewritten.movedBytes)} ${moved} moved out of ${packs(rewritten)} that are mostly unneeded`,
    );
  if (outdated.movedBytes > 0)
    sentences.push(`${formatBytes(outdated.movedBytes)} ${moved} sealed anew under the newest key`);
  if (partlyUnused.packs > 0)
    sentences.push(
      `${formatBytes(partlyUnused.unusedBytes)} of ${packs(partlyUnused)} are unneeded and stay for another day (--rewrite-at-most)`,
    );
  if (busy.packs > 0) sentences.push(`${packs(busy)} may belong to backups at work`);
  if (unreadable.packs > 0)
    sentences.push(`${packs(unreadable)} cannot be read, so they stay; lifeboat verify --all names them`);
  if (waiting.packs > 0) sentences.push(`${packs(waiting)} are condemned and wait for ${waiting.writers.join(', ')}`);
  if (neededAgain.packs > 0)
    sentences.push(`${packs(neededAgain)} were condemned, and a later point needs something of them`);
  for (const { object, reason } of retained.slice(0, 3)) sentences.push(`the store keeps ${object}: ${reason}`);
  if (retained.length > 3) sentences.push(`and ${retained.length - 3} more that the store keeps`);
  for (const { id, host, asset, started, alive } of writers)
    sentences.push(`${asset} on ${host} is at work since ${started}${alive ? '' : `; if it is dead: --evict ${id}`}`);
  for (const object of blockedBy)
    sentences.push(`${object} cannot be read, so nothing was deleted: remove it by hand once no prune is at work`);
  return sentences;
}

const sum = (...amounts: readonly { packs: number; bytes: number }[]): { packs: number; bytes: number } => ({
  packs: amounts.reduce((total, { packs }) => total + packs, 0),
  bytes: amounts.reduce((total, { bytes }) => total + bytes, 0),
});

function jsonOf({ store, retention, result, tiers, logs, explanation, seconds }: PruneReport): Record<string, unknown> {
  const { damage, ...figures } = result;
  return {
    store,
    ...figures,
    damage,
    retention: retention === undefined ? [] : retentionJson(retention),
    retainedPoints: retainedOf(retention),
    tiers: retention?.tiers ?? [],
    moved: { classes: tiers?.classes ?? null, away: tiers?.away ?? [] },
    logs,
    explanation,
    seconds,
  };
}
