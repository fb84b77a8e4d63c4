import { formatBytes, formatDuration, LifeboatError, parseBytes } from '../../core/index.ts';
import {
  unknownAsset,
  verify,
  type DutyCheck,
  type ReadingAsked,
  type StoreVerification,
  type Verification,
} from '../../operations/index.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';
import type { Input } from '../input.ts';
import { withinRate } from './within-rate.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Reads back every byte of the recovery points and of the log behind them, decrypts it and compares it with what was recorded, and holds the points against what the policies of the plan ask: there, young enough, enough of them, read back. With --all it reads every byte of every object in the stores, whether a point needs it or not. It may read less: only whether everything is there (--depth structure), so many bytes that were not read for longest (--budget), what the plan wants read at each turn (--due), or the rest of a verification that was stopped (--resume). Changes nothing in the stores. The exit code is 1 if anything is damaged or missing, or a policy is not met; each damage names the object and the points that suffer.',
  arguments: [{ name: 'ASSET', summary: 'only the points of these assets', optional: true, many: true }],
  options: [
    { flags: '--all', summary: 'every byte of every object, needed or not' },
    { flags: '--depth <DEPTH>', summary: 'how much is read (full)', choices: ['structure', 'full'] },
    { flags: '--budget <SIZE>', summary: 'read so much at most, what was not read for longest first: 10GB or 5%' },
    { flags: '--due', summary: 'read what is due, so that every byte is read in the time that the plan states' },
    { flags: '--resume', summary: 'go on with a verification that was stopped' },
    { flags: '--limit-rate <SIZE>', summary: 'read no more bytes in a second: 50MB' },
  ],
  examples: [
    'lifeboat verify',
    'lifeboat verify orders',
    'lifeboat verify --due --limit-rate 50MB',
    'lifeboat verify --all --json | jq .damage',
  ],
  run: async (context, input) =>
    withWorkspace(withinRate(context, input), async (workspace) => {
      const assets = input.arguments('ASSET');
      const unknown = assets.find((asset) => !workspace.plan.assets.has(asset));
      if (unknown !== undefined) throw unknownAsset(workspace.plan, unknown);
      const reading = readingOf(input);
      const verification = await verify(workspace, {
        assets,
        everything: input.flag('all'),
        signal: context.signal,
        ...(reading === undefined ? {} : { reading }),
      });
      return resultOf(context, verification);
    }),
};

function readingOf(input: Input): ReadingAsked | undefined {
  const budget = input.text('budget');
  const asked = [
    ...(input.flag('all') ? ['--all'] : []),
    ...(input.text('depth') === 'structure' ? ['--depth structure'] : []),
    ...(budget === undefined ? [] : ['--budget']),
    ...(input.flag('due') ? ['--due'] : []),
    ...(input.flag('resume') ? ['--resume'] : []),
  ];
  if (asked.length > 1) {
    throw new LifeboatError('input.flag', `${asked.join(' and ')} say different things of how much is read`, {
      hint: 'Name one of them.',
    });
  }
  if (input.text('depth') === 'structure') return 'structure';
  if (budget !== undefined) return budgetFrom(budget);
  if (input.flag('due')) return 'due';
  return input.flag('resume') ? 'rest' : undefined;
}

function budgetFrom(text: string): ReadingAsked {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) return { bytes: parseBytes(text) };
  if (Number(percent) > 0 && Number(percent) <= 100) return { share: Number(percent) / 100 };
  throw new LifeboatError('input.flag', `--budget must be a size or a share up to 100%, not "${text}"`);
}

function resultOf(context: CommandContext, { results, checks, failures }: Verification): CommandResult {
  for (const result of results) show(context, result);
  for (const check of checks) showCheck(context, check);
  for (const error of failures) context.output.line(`${context.output.mark(false)} ${error.message} [${error.code}]`);
  const damage = results.flatMap(({ store, damage: items }) => items.map((item) => ({ store, ...item })));
  const json = {
    checked: Object.fromEntries(
      results.map(({ store, depth, checked, seconds, frozen }) => [store, { ...checked, depth, seconds, frozen }]),
    ),
    damage,
    checks,
    failures: failures.map((error) => error.toJSON()),
  };
  if (damage[0] !== undefined) {
    const objects = new Set(damage.map(({ object }) => object)).size;
    const what = `${objects} damaged object${objects === 1 ? '' : 's'} found`;
    const hint = 'Take new points now (lifeboat backup), then look after the disk or bucket.';
    return { json, error: new LifeboatError(damage[0].code, what, { where: damage[0].object, hint }) };
  }
  const unmet = checks.filter(({ verdict }) => verdict !== 'ok');
  if (failures[0] !== undefined) return { json, error: failures[0] };
  if (unmet[0] === undefined) return { json };
  const { asset, store, check, words } = unmet[0];
  const more = unmet.length === 1 ? '' : `, and ${unmet.length - 1} more`;
  const message = `${asset} in ${store}: ${check}: ${words}${more}`;
  return { json, error: new LifeboatError('verify.unmet', message, { where: asset, hint: hintOf(unmet) }) };
}

const hintOf = (unmet: readonly DutyCheck[]): string =>
  unmet.some(({ check }) => check === 'kept')
    ? 'Look after what makes the copies; until then restore from an earlier one: lifeboat points'
    : unmet[0]?.check === 'log'
      ? 'Take a point now (lifeboat backup), from which the log leads on. What is missing may be in another store: lifeboat verify looks into each.'
      : hintOfOurs(unmet);

const hintOfOurs = (unmet: readonly DutyCheck[]): string =>
  unmet.some(({ check }) => ['exists', 'age', 'count'].includes(check))
    ? 'Take points: lifeboat backup. Then find out why they did not come by themselves.'
    : 'Read more: lifeboat verify; for `restores`, rehearse a restore: lifeboat drill';

function showCheck({ output }: CommandContext, { asset, store, check, verdict, words }: DutyCheck): void {
  const said = verdict === 'unknown' ? `${words} (unknown)` : words;
  output.line(`${output.mark(verdict === 'ok')} ${asset} in ${store}: ${check}: ${said}`);
}

const depthWords: Record<StoreVerification['depth'], string> = {
  structure: 'structure sound, contents not read',
  sampled: 'what was read is sound',
  points: 'sound',
  everything: 'sound',
};

function show({ output }: CommandContext, result: StoreVerification): void {
  const { store, ok, depth, checked, damage, frozen, seconds } = result;
  const { points, objects, bytes, plainBytes } = checked;
  const extent = `${points} point${points === 1 ? '' : 's'}, ${objects} objects, ${formatBytes(bytes)} stored, ${formatBytes(plainBytes)} plain, ${formatDuration(seconds * 1000)}`;
  output.line(`${output.mark(ok)} ${store}: ${ok ? depthWords[depth] : 'DAMAGED'} (${extent})`);
  if (frozen.packs > 0)
    output.line(
      `  ${formatBytes(frozen.bytes)} in ${frozen.packs} packs lie frozen and were not read; nothing was proved of ${frozen.points.join(', ') || 'what nobody needs'}`,
    );
  for (const [object, items] of Map.groupBy(damage, (item) => item.object)) {
    const hurt = new Set(items.flatMap((item) => item.points));
    const none = items[0]?.kind === 'log' ? 'a piece of log' : 'no point rests on it alone';
    const suffering = hurt.size === 0 ? none : `points: ${[...hurt].join(', ')}`;
    const more = items.length === 1 ? '' : `, and ${items.length - 1} more findings in it`;
    output.line(`  ${object}: ${items[0]?.what}${more} (${suffering})`);
  }
}
