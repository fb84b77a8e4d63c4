import { z } from 'zod';
import { serverUrlOf, shownServer } from '../../hands/postgres.ts';
import {
  positionText,
  promoteServer,
  stateOfServer,
  tryWrite,
  waitForReplay,
  type ServerState,
} from '../../hands/standby.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';
import { askOldPrimary } from './fenced.ts';
import { liftInherited, stillFenced } from './inherited.ts';
import { lossOf, refused, waiverOf, whyNot } from './judge.ts';
import { describeKept, inspectKept, promoteKept, proveKept } from './kept.ts';
import { placeOf, type StandbyPlace } from './place.ts';

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

const standbyOf = (settings: Settings, { plan }: StepContext): Promise<StandbyPlace> =>
  placeOf(plan, longOf(settings).asset, longOf(settings).standby);

/**
 * `promote: orders` or `promote: { asset: orders, standby: other_region }`: makes a standby the server that takes writes. Two of them are
 * worse than none: it refuses while the old one takes writes, and without a proved fence it asks a person who answers for it by name.
 */
export const promoteStep: StepKind<Settings> = {
  kind: 'promote',
  about:
    'Makes a standby the server that takes writes. Never while the old one takes some, and without a proved fence only when a person answers for it.',
  example: '- promote: { asset: orders, standby: other_region, waiver: [platform_lead] }',
  schema: schema as z.ZodType<Settings>,
  destructive: true,
  inBubble: 'nothing',
  title: (settings) => `make ${longOf(settings).standby ?? 'the standby'} of ${longOf(settings).asset} take writes`,
  describe: async ({ settings }, context) => {
    const place = await standbyOf(settings, context);
    if ('folder' in place) return describeKept({ ...longOf(settings), ...place }, context);
    const { url } = place;
    const { inRecovery, replayed } = await stateOfServer(url, context.signal);
    if (!inRecovery) return { certainty: 'unknown', text: `${shownServer(url)} is no standby: it takes writes now` };
    const who = longOf(settings).waiver?.join(' or ') ?? 'somebody';
    return {
      certainty: 'predicted',
      text: `${shownServer(url)} follows, at ${positionText(replayed ?? 0n)} now; needs a proved fence of the old one, or ${who} to answer for it`,
    };
  },
  run,
  inspect: async (input, context) => {
    const place = await standbyOf(input.settings, context);
    if ('folder' in place) return inspectKept({ ...longOf(input.settings), ...place }, input, context);
    const { url } = place;
    const { timeline } = input.remembered;
    const now = await stateOfServer(url, context.signal);
    if (input.outputs !== undefined) return { state: 'done', outputs: { url }, summary: 'still there' };
    if (typeof timeline !== 'number' || now.inRecovery) return 'not-done';
    if (now.timeline <= timeline) return 'unknown';
    // Promoted, and still behind the fence that it inherited: what is left is done by `run`.
    if ((await stillFenced(longOf(input.settings).asset, url, context)) !== undefined) return 'not-done';
    if ((await tryWrite(url, context.signal)) !== 'taken') return 'not-done';
    const { lost, waivedBy } = input.remembered;
    return doneOf(url, now, { lost: String(lost), ...(typeof waivedBy === 'string' ? { waivedBy } : {}) });
  },
  prove: async (input, context, is) => {
    const place = await standbyOf(input.settings, context);
    if ('folder' in place) return proveKept({ ...longOf(input.settings), ...place }, input, context, is);
    const { url } = place;
    const state = await stateOfServer(url, context.signal);
    const text = `${shownServer(url)} ${state.inRecovery ? 'follows' : 'takes writes'}, timeline ${state.timeline}`;
    return { state: state.inRecovery === (is === 'undone') ? 'proved' : 'refuted', text };
  },
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  if (context.mode === 'drill') return notExercised('the standby belongs to production');
  const { asset } = longOf(input.settings);
  const place = await standbyOf(input.settings, context);
  if ('folder' in place) return promoteKept({ ...longOf(input.settings), ...place }, input, context);
  const { url } = place;
  const before = await stateOfServer(url, context.signal);
  if (wasPromoted(input, before)) return finish(input, url, context);
  if (!before.inRecovery) return refused(`${shownServer(url)} is no standby: it takes writes already`);
  const old = await askOldPrimary(asset, await serverUrlOf(context.plan, asset), context);
  const waiver = waiverOf(context);
  const stop = whyNot(longOf(input.settings), old, before.systemId, waiver);
  if (stop !== undefined) return stop;
  const { state, complete } = await waitForReplay(url, old.state?.written, context);
  if (!complete)
    return {
      state: 'retry',
      summary: `it still replays: ${positionText(state.replayed ?? 0n)} of ${positionText(state.received ?? 0n)}`,
    };
  const lost = lossOf(old.state?.written, state.replayed ?? 0n, state.lastCommitAt);
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

/** Rid of what it inherited, it is asked from outside. */
async function finish(input: Input, url: string, context: StepContext): Promise<StepOutcome> {
  const { remembered } = input;
  await liftInherited(longOf(input.settings).asset, url, context);
  const now = await stateOfServer(url, context.signal);
  const write = await tryWrite(url, context.signal);
  const fenced = await stillFenced(longOf(input.settings).asset, url, context);
  const isItself = wasPromoted(input, now) && now.systemId === remembered['systemId'];
  if (isItself && write === 'taken' && fenced === undefined) {
    const { lost, waivedBy } = remembered;
    return doneOf(url, now, { lost: String(lost), ...(typeof waivedBy === 'string' ? { waivedBy } : {}) });
  }
  return {
    state: 'failed',
    code: 'promote.refused',
    summary: `${shownServer(url)} was promoted and is not as it should be: timeline ${now.timeline}, a write is ${write}${fenced === undefined ? '' : `; ${fenced}`}`,
  };
}

function doneOf(url: string, now: ServerState, how: { lost: string; waivedBy?: string }): StepOutcome {
  const summary = `${shownServer(url)} takes writes on timeline ${now.timeline}; ${how.lost}`;
  const position = now.written === undefined ? null : positionText(now.written);
  return { state: 'done', outputs: { url, timeline: now.timeline, position, ...how }, summary };
}
