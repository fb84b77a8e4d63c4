import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import {
  formatBytes,
  formatDuration,
  isoTime,
  LifeboatError,
  parseDuration,
  Secret,
  systemCodeOf,
} from '../../../core/index.ts';
import type { RestoreReport, RestoreRequest } from '../../../operations/index.ts';
import { isInside } from '../../settings/inside.ts';
import type { StepContext, StepInput, StepKind, StepOutcome } from '../../step.ts';
import { withCredentials } from '../../hands/credentials.ts';

const schema = z.union([
  z.string().min(1),
  z.strictObject({
    asset: z.string().min(1),
    point: z.string().min(1).optional(),
    store: z.string().min(1).optional(),
  }),
]);
type Settings = z.infer<typeof schema>;
type Input = StepInput<Settings>;

/**
 * `restore: orders` with `at: "${incident.lastGood}"` and `into: new` beside it. Always into a new place: what is there
 * already is never written over. Its outputs are what later steps use: `steps.bring_back.url`.
 */
export const restoreStep: StepKind<Settings> = {
  kind: 'restore',
  about:
    'Restores an asset into a new place. Nothing that is there already is written over, and nothing is switched to it; later steps read where it is: `steps.bring_back.url`.',
  example: [
    '- id: bring_back',
    '  restore: orders',
    '  at: "${incident.lastGood}"      # without it: the newest point before the impact',
    '  into: new',
  ].join('\n'),
  schema,
  siblings: {
    at: z.string().min(1).describe('The moment it is wanted as of; without it the newest point before the impact'),
    into: z.string().min(1).describe('new, or a path where nothing is yet'),
  },
  destructive: false,
  inBubble: 'all',
  title: (settings, { into }) =>
    `restore ${assetOf(settings)} into ${into === undefined || into === 'new' ? 'a new place' : String(into)}`,
  describe: async (input, context) => {
    const target = await plannedTarget(await targetOf(input, context));
    const plan = await context.planRestore(requestOf(input, context, target));
    const age = formatDuration(context.clock.now() - plan.point.atMs);
    const expected = plan.secondsExpected === undefined ? '' : `, about ${formatDuration(plan.secondsExpected * 1000)}`;
    const files = `${plan.files} ${plan.files === 1 ? 'file' : 'files'}`;
    const text = `from point ${plan.point.id} of ${isoTime(plan.point.atMs)} (${age} ago) in ${plan.store}: ${formatBytes(plan.bytes)}, ${files}${expected}`;
    return { certainty: 'predicted', text };
  },
  run,
  inspect,
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  const asset = assetOf(input.settings);
  const target = await targetOf(input, context);
  await mkdir(dirname(target), { recursive: true, mode: 0o711 });
  context.remember({ target });
  const report = await context.restore(requestOf(input, context, target));
  const { copy } = report;
  if (copy === undefined) {
    return {
      state: 'failed',
      code: 'asset.start_failed',
      summary: `${asset} was restored to ${target} but not started`,
    };
  }
  context.environment.adopt({
    name: `${asset} at ${copy.shownUrl}`,
    stop: () => copy.stop(),
    ...(copy.pid === undefined ? {} : { pid: copy.pid }),
  });
  return { state: 'done', outputs: outputsOf(report, target), summary: summaryOf(report, input, target) };
}

function outputsOf({ copy, plan, seconds, reached }: RestoreReport, target: string): Record<string, unknown> {
  const url = copy?.url ?? target;
  // Registered as a secret when it holds one, so that no record and no message shows it.
  if (copy !== undefined && copy.url !== copy.shownUrl) void new Secret(copy.url);
  return {
    path: copy?.path ?? target,
    url,
    shownUrl: copy?.shownUrl ?? target,
    asset: plan.request.asset,
    point: plan.point.id,
    pointAt: isoTime(plan.point.atMs),
    store: plan.store,
    bytes: plan.bytes,
    files: plan.files,
    seconds,
    reached: reached ?? {},
  };
}

function summaryOf(report: RestoreReport, { remembered }: Input, target: string): string {
  const { plan, seconds, checks, damage } = report;
  const left = typeof remembered['target'] === 'string' && remembered['target'] !== target ? remembered['target'] : '';
  return [
    `${formatBytes(plan.bytes)} from ${plan.point.id} in ${formatDuration(seconds * 1000)}, ${checks.length} checks green`,
    ...(damage.length === 0 ? [] : [`${damage.length} damaged objects were met and survived`]),
    ...(left === '' ? [] : [`an interrupted attempt may have left ${left}`]),
  ].join('; ');
}

/**
 * An interrupted restore into a new place is simply done again into another one. A finished one whose URL holds a password
 * gets it back from the plan, and is asked whether it still answers.
 */
async function inspect(input: Input, context: StepContext): Promise<'not-done' | 'unknown' | StepOutcome> {
  if (input.outputs !== undefined) {
    const url = await withCredentials(String(input.outputs['shownUrl']), context.plan, assetOf(input.settings));
    await context.asset(assetOf(input.settings)).newest({ url }, { signal: context.signal });
    return { state: 'done', outputs: { url }, summary: 'still there' };
  }
  const target = input.remembered['target'];
  if (typeof target !== 'string' || wantsNew(input)) return 'not-done';
  return (await isFree(target)) ? 'not-done' : 'unknown';
}

function requestOf({ settings, siblings }: Input, context: StepContext, target: string): RestoreRequest {
  const { point, store } = typeof settings === 'string' ? {} : settings;
  const atMs = point === undefined ? momentOf(siblings['at'], context) : undefined;
  return {
    asset: assetOf(settings),
    target,
    start: true,
    stay: context.mode === 'real',
    ...(atMs === undefined ? {} : { atMs }),
    ...(point === undefined ? {} : { point }),
    ...(store === undefined ? {} : { store }),
  };
}

/**
 * `2026-11-21T03:57:00Z`, or a duration before now. Nothing means the newest, unless people said that what is newer than some moment
 * is not wanted.
 */
function momentOf(at: unknown, { clock, incident }: StepContext): number | undefined {
  if (at === undefined) return incident.lastGoodMs < incident.impactMs ? incident.lastGoodMs : undefined;
  if (at === 'now') return undefined;
  const text = String(at);
  const moment = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(moment)) return moment;
  const ago = /^(.+) ago$/.exec(text)?.[1];
  if (ago !== undefined) return clock.now() - parseDuration(ago);
  throw new LifeboatError('plan.invalid', `at: ${text} is no moment`, {
    hint: 'Write 2026-11-21T03:57:00Z (the time zone is needed), "15m ago", or ${incident.lastGood}.',
  });
}

/** The place to restore to. A drill stays inside its bubble, whatever the plan says. */
async function targetOf(input: Input, context: StepContext): Promise<string> {
  const { environment, plan } = context;
  if (wantsNew(input)) return freeBeside(environment.newTarget(assetOf(input.settings)));
  const target = resolve(plan.folder, String(input.siblings['into']));
  if (context.mode === 'drill' && !isInside(environment.folder, target)) {
    throw new LifeboatError('drill.bubble', `a drill may not restore to ${target}, which is outside its bubble`, {
      hint: 'Write into: new.',
    });
  }
  return target;
}

/** A dry run makes no folder: where the target's is missing, the nearest one above it stands in, on the same disk. */
async function plannedTarget(target: string): Promise<string> {
  let folder = dirname(target);
  while (folder !== dirname(folder) && !existsSync(folder)) folder = dirname(folder);
  return folder === dirname(target) ? target : freeBeside(join(folder, basename(target)));
}

const wantsNew = ({ siblings }: Pick<Input, 'siblings'>): boolean => (siblings['into'] ?? 'new') === 'new';

/** An earlier attempt may have left something there: then the next free name. */
async function freeBeside(target: string): Promise<string> {
  const tries = 1000; // more attempts than any procedure makes; a bound against a folder that never answers
  for (let number = 1; number <= tries; number += 1) {
    const candidate = number === 1 ? target : `${target}-${number}`;
    if (await isFree(candidate)) return candidate;
  }
  throw new LifeboatError('restore.target_unusable', `${target} and ${tries} names after it are taken`);
}

async function isFree(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory() && (await readdir(path)).length === 0;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return true;
    throw error;
  }
}

const assetOf = (settings: Settings): string => (typeof settings === 'string' ? settings : settings.asset);
