import { z } from 'zod';
import { formatBytes, isSecretSource, LifeboatError, readText, Secret } from '../../../core/index.ts';
import { databaseFence } from '../../hands/fences/database.ts';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import { serverUrlOf, shownServer } from '../../hands/postgres.ts';
import {
  positionText,
  promoteServer,
  stateOfServer,
  tryWrite,
  waitForReplay,
  type ServerState,
} from '../../hands/standby.ts';
import { lastWords, type Asked, type Said } from '../../people/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';
import { askOldPrimary, fencesAround, type OldPrimary } from './fenced.ts';

const long = z.strictObject({
  asset: z.string().min(1),
  standby: z.string().min(1).optional().describe('One of the standbys of the asset; the only one unless stated'),
  waiver: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Roles or contacts that may answer for it when no fence is proved'),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;
type Input = StepInput<Settings>;

const longOf = (settings: Settings): z.infer<typeof long> =>
  typeof settings === 'string' ? { asset: settings } : settings;

/**
 * `promote: orders` or `promote: { asset: orders, standby: other_region }`: makes a standby the server that takes writes. Two of them are
 * worse than none: it refuses while the old one takes writes, and without a proved fence it asks a person who answers for it by name.
 */
export const promoteStep: StepKind<Settings> = {
  kind: 'promote',
  schema: schema as z.ZodType<Settings>,
  destructive: true,
  title: (settings) => `make ${longOf(settings).standby ?? 'the standby'} of ${longOf(settings).asset} take writes`,
  describe: async ({ settings }, context) => {
    const { url } = await standbyOf(settings, context);
    const { inRecovery, replayed } = await stateOfServer(url, context.signal);
    if (!inRecovery) return { certainty: 'unknown', text: `${shownServer(url)} is no standby: it takes writes now` };
    return {
      certainty: 'predicted',
      text: `${shownServer(url)} follows, at ${positionText(replayed ?? 0n)} now; needs a proved fence of the old one`,
    };
  },
  run,
  inspect: async (input, context) => {
    const { url } = await standbyOf(input.settings, context);
    const { timeline } = input.remembered;
    const now = await stateOfServer(url, context.signal);
    if (input.outputs !== undefined) return { state: 'done', outputs: { url }, summary: 'still there' };
    if (typeof timeline !== 'number' || now.inRecovery) return 'not-done';
    if (now.timeline <= timeline) return 'unknown';
    // Promoted, and still behind the fence that it inherited: what is left is done by `run`.
    if ((await tryWrite(url, context.signal)) !== 'taken') return 'not-done';
    const { lost, waivedBy } = input.remembered;
    return doneOf(url, now, { lost: String(lost), ...(typeof waivedBy === 'string' ? { waivedBy } : {}) });
  },
  prove: async (input, context, is) => {
    const { url } = await standbyOf(input.settings, context);
    const state = await stateOfServer(url, context.signal);
    const text = `${shownServer(url)} ${state.inRecovery ? 'follows' : 'takes writes'}, timeline ${state.timeline}`;
    return { state: state.inRecovery === (is === 'undone') ? 'proved' : 'refuted', text };
  },
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  if (context.mode === 'drill') return notExercised('the standby belongs to production');
  const { asset } = longOf(input.settings);
  const { url } = await standbyOf(input.settings, context);
  const before = await stateOfServer(url, context.signal);
  if (wasPromoted(input, before)) return finish(input, url, context);
  if (!before.inRecovery) return refused(`${shownServer(url)} is no standby: it takes writes already`);
  const old = await askOldPrimary(asset, await serverUrlOf(context.plan, asset), context);
  const waiver = waiverOf(context.said());
  const stop = whyNot(input, old, before, waiver);
  if (stop !== undefined) return stop;
  const { state, complete } = await waitForReplay(url, old.state?.written, context);
  if (!complete)
    return {
      state: 'retry',
      summary: `it still replays: ${positionText(state.replayed ?? 0n)} of ${positionText(state.received ?? 0n)}`,
    };
  const lost = lossOf(old, state);
  const how = { lost, ...(waiver === undefined ? {} : { waivedBy: waiver.as }) };
  context.output(`goes on from ${positionText(state.replayed ?? 0n)}; ${lost}`);
  context.remember({ standby: shownServer(url), systemId: before.systemId, timeline: before.timeline, ...how });
  await context.mustHold();
  await promoteServer(url, context.signal);
  const { timeline } = before;
  return finish({ ...input, remembered: { timeline, systemId: before.systemId, ...how } }, url, context);
}

const wasPromoted = ({ remembered: { timeline } }: Input, now: ServerState): boolean =>
  !now.inRecovery && typeof timeline === 'number' && now.timeline > timeline;

/** A fence in the old server's catalog came over with its log: the new one is rid of it, and then it is asked from outside. */
async function finish(input: Input, url: string, context: StepContext): Promise<StepOutcome> {
  const { remembered } = input;
  const { asset } = longOf(input.settings);
  for (const { how, before } of inherited(asset, context)) {
    await context.mustHold();
    await databaseFence(asset, url, how, context).lift(before);
  }
  const now = await stateOfServer(url, context.signal);
  const write = await tryWrite(url, context.signal);
  if (wasPromoted(input, now) && now.systemId === remembered['systemId'] && write === 'taken') {
    const { lost, waivedBy } = remembered;
    return doneOf(url, now, { lost: String(lost), ...(typeof waivedBy === 'string' ? { waivedBy } : {}) });
  }
  return {
    state: 'failed',
    code: 'promote.refused',
    summary: `${shownServer(url)} was promoted and is not as it should be: timeline ${now.timeline}, a write is ${write}`,
  };
}

type Inherited = FenceRecord & { readonly how: 'revoke' | 'read-only' };

const inherited = (asset: string, context: StepContext): Inherited[] =>
  fencesAround(asset, context).filter((one): one is Inherited => one.how === 'revoke' || one.how === 'read-only');

/** What speaks against it: two servers that take writes, strangers, or a fence that nothing proves and nobody answers for. */
function whyNot(
  input: Input,
  old: OldPrimary,
  standby: ServerState,
  waiver: Said | undefined,
): StepOutcome | undefined {
  const { asset, waiver: by = [] } = longOf(input.settings);
  if (old.state !== undefined && old.state.systemId !== standby.systemId)
    return refused(`the standby is no copy of ${asset}: ${standby.systemId} is not ${old.state.systemId}`);
  // Only who revokes lets superusers, and so this very trial, through.
  const isRevoked = old.proofs.some(({ how }) => how === 'revoke');
  if (old.takesWrites && !isRevoked)
    return refused(`the old server of ${asset} takes writes: a write was tried there now, and taken`);
  if (old.proofs.length > 0 || waiver?.word === 'attest') return undefined;
  const asks: Asked = {
    word: 'attest',
    by,
    round: 1,
    count: 1,
    inputs: { answers_for: { type: 'text', about: 'Why nobody writes to the old server, and never will again' } },
  };
  if (waiver !== undefined) return { ...refused(`${waiver.as} does not answer for it`), asks } as StepOutcome;
  const seen = old.doubts.length === 0 ? 'no step of this run fenced it' : old.doubts.join('; ');
  const question = `Nothing proves that nobody writes to the old server of ${asset} (${seen}). If somebody does, both will have what the other lacks. Do you answer for it?`;
  return { state: 'needs-human', question, asks };
}

const waiverOf = (said: readonly Said[]): Said | undefined => lastWords(said, 1).at(-1);

/** Compared with what the old one has written, where it can still be asked. */
function lossOf({ state }: OldPrimary, standby: ServerState): string {
  const had = standby.replayed ?? 0n;
  if (state?.written !== undefined) {
    const bytes = state.written - had;
    return bytes <= 0n
      ? 'nothing is lost'
      : `${formatBytes(Number(bytes))} of log are lost (to ${positionText(state.written)})`;
  }
  const last = standby.lastCommitAt === undefined ? '' : `; the last commit it has is of ${standby.lastCommitAt}`;
  return `what the old one wrote after ${positionText(had)} is unknown${last}`;
}

function doneOf(url: string, now: ServerState, how: { lost: string; waivedBy?: string }): StepOutcome {
  const summary = `${shownServer(url)} takes writes on timeline ${now.timeline}; ${how.lost}`;
  const position = now.written === undefined ? null : positionText(now.written);
  return { state: 'done', outputs: { url, timeline: now.timeline, position, ...how }, summary };
}

const refused = (summary: string): Extract<StepOutcome, { state: 'failed' }> => ({
  state: 'failed',
  code: 'promote.refused',
  summary,
  hint: 'Fence the old server (stop, read-only or revoke) in a step before this one.',
});

async function standbyOf(settings: Settings, { plan }: StepContext): Promise<{ url: string }> {
  const { asset, standby } = longOf(settings);
  const standbys = plan.assets.get(asset)?.standbys ?? new Map();
  const name = standby ?? (standbys.size === 1 ? [...standbys.keys()][0] : undefined);
  const source: unknown = name === undefined ? undefined : standbys.get(name)?.url;
  if (typeof source === 'string') return { url: source };
  if (isSecretSource(source)) return { url: new Secret(await readText(source)).reveal() };
  throw new LifeboatError(
    'plan.unknown_name',
    `the plan does not say where the standby ${name ?? ''} of ${asset} answers`,
    {
      hint: `Declare it: assets: { ${asset}: { standbys: { NAME: { url: { env: STANDBY_URL } } } } }`,
    },
  );
}
