import { z } from 'zod';
import type { CheckSpec } from '../../../checks/index.ts';
import { formatDuration } from '../../../core/index.ts';
import {
  notExercised,
  type StepContext,
  type StepInput,
  type StepKind,
  type StepOutcome,
  type StepProof,
} from '../../step.ts';
import { openGate, type Gate } from './gate.ts';
import { askWay, wordOf } from './ways.ts';
import { isHealth, schema, sharesOf, type Settings } from './settings.ts';
import { availableMs, greenAgain, patienceMs, pauseMs, redOf, specsOf, watch } from './watch.ts';

type Input = StepInput<Settings>;

/**
 * `ramp: { service: shop, pointer: traffic, to: new, over: [10%, 50%, 100%], while: health, pause: 1m }`: lets work in share by share, each
 * watched before the next. What is red twice in a row takes it back to how it was, or holds it where it is. The share is written down before
 * it is set, so that a runner that died goes on from there.
 */
export const rampStep: StepKind<Settings> = {
  kind: 'ramp',
  about:
    'Lets work in share by share, and watches each share before the next. What is red twice in a row takes it back to how it was, or holds it where it is. By the weights of a proxy, by a program, by the replicas of a deployment, or, where there is only all or nothing, by lifting the fence of this run.',
  example: [
    '- ramp: { service: shop, pointer: traffic, to: new, over: [10%, 50%, 100%], while: health, pause: 1m }',
    '- ramp: { service: shop, each: [./let-in, "{share}"], read: [./let-in, --show], while: [{ http: "http://127.0.0.1:8080/health" }], red: wait }',
    '- ramp: { service: shop, replicas: 3, over: [33%, 100%], while: health }',
  ].join('\n'),
  schema: schema as StepKind<Settings>['schema'],
  destructive: true,
  inBubble: 'inside',
  notYet: (written) => {
    const { while: word } = (typeof written === 'object' && written !== null ? written : {}) as Settings;
    return typeof word === 'string' && !isHealth(word) ? `a ramp while "${word}"` : undefined;
  },
  longestMs: (settings) => {
    // Replicas take their time at each share, and once more when it goes back.
    const replicasMs = settings.replicas === undefined ? 0 : 2 * availableMs(settings);
    return sharesOf(settings).length * (pauseMs(settings) + patienceMs(settings) + replicasMs);
  },
  title: (settings) => `let work back to ${settings.service}: ${wordsOf(sharesOf(settings))}`,
  describe: async (input, context) => {
    const { settings } = input;
    const specs = specsOf(settings, context);
    const gate = await openGate(input, { ...context, output: () => {} });
    if ('outside' in gate) return { certainty: 'unknown', text: `not exercised in a bubble: ${gate.outside}` };
    const way = `by ${gate.shown}, each watched ${formatDuration(pauseMs(settings))} by ${specs.length === 1 ? '1 check' : `${specs.length} checks`}`;
    return { certainty: 'predicted', text: `${wordsOf(sharesOf(settings))} ${way}` };
  },
  run,
  inspect: async (input, context) => {
    if (input.remembered['share'] === undefined) return 'not-done';
    // It went back and died before it could say so: what was red, or what people chose, is not ramped up again by itself.
    const back = input.unfinished === true ? backIn(input.remembered) : undefined;
    if (back !== undefined) return wentBack(back);
    const gate = await openGate(input, context);
    // A share that is set again is the same share; it is watched anew.
    return 'outside' in gate || (await gate.settle()) ? 'not-done' : 'unknown';
  },
  undo: async (input, context) => {
    const gate = await openGate(input, context);
    if ('outside' in gate) return notExercised(gate.outside);
    const { image, share } = input.remembered;
    if (share === undefined) return { state: 'done', outputs: {}, summary: 'it was never begun' };
    await context.mustHold();
    await gate.back(image);
    return { state: 'done', outputs: {}, summary: `${gate.shown}: as before the ramp` };
  },
  prove,
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  const { settings, remembered } = input;
  const specs = specsOf(settings, context);
  const gate = await openGate(input, context);
  if ('outside' in gate) return notExercised(gate.outside);
  const going = goingIn(remembered);
  if (going !== undefined) return goBack(gate, { ...going, image: remembered['image'] }, remembered, context);
  if (backIn(remembered) !== undefined) context.remember({ back: null }); // it begins anew, and that is no news any more
  const decided = await chosen(gate, input, context);
  if (decided !== undefined) return decided;
  const { reached, image } = await beginning(gate, remembered);
  const shares = gate.divides(image) ? sharesOf(settings) : [100];
  if (shares.length < sharesOf(settings).length) context.output(`${gate.shown} knows all or nothing: all at once`);
  for (const share of shares.filter((one) => one >= reached)) {
    context.remember({ image, share });
    await context.mustHold();
    await gate.set(share, image);
    context.output(`${share} %: ${gate.shown}`);
    const red = (await gate.letIn?.(share)) ?? (await watch(specs, pauseMs(settings), settings, context));
    if (red === undefined) continue;
    context.output(`RED at ${share} %: ${red}`);
    const mayRecover = settings.red === 'wait' && (await greenAgain(specs, settings, context));
    if (mayRecover && (await gate.letIn?.(share)) === undefined) continue;
    const held = { share, red, image };
    return settings.red === 'wait'
      ? askWay(held, remembered, settings, context)
      : goBack(gate, { ...held, byPeople: false }, remembered, context);
  }
  const share = shares.at(-1) ?? 100;
  return {
    state: 'done',
    outputs: { share, shares },
    summary: `${settings.service} has ${share} %, and ${isHealth(settings.while) ? 'is healthy' : 'what must hold holds'}`,
  };
}

/** What people chose when it asked: nothing when it shall go on. */
async function chosen(
  gate: Gate,
  { settings, remembered }: Input,
  context: StepContext,
): Promise<StepOutcome | undefined> {
  const { image, share } = remembered;
  const word = wordOf(remembered, context);
  if (typeof share !== 'number' || word === undefined || word.way === 'go_on') return undefined;
  if (word.way === 'go_back')
    return goBack(gate, { share, red: 'people chose to go back', image, byPeople: true }, remembered, context);
  const summary = `${settings.service} is left at ${share} %, as ${word.as} chose`;
  return { state: 'done', outputs: { share, shares: sharesOf(settings), leftBy: word.as }, summary };
}

/** How it was before the first share, and the share that an earlier attempt was at. */
async function beginning(
  gate: Gate,
  { image, share }: Readonly<Record<string, unknown>>,
): Promise<{ reached: number; image: unknown }> {
  if (typeof share === 'number') return { reached: share, image };
  return { reached: 0, image: await gate.image() };
}

const goingSchema = z.object({ share: z.number(), red: z.string(), byPeople: z.boolean() });
const backSchema = goingSchema.extend({ isBack: z.boolean().nullable() });

/** What it goes back for: written down before, for who dies on the way there. It goes back to the end, and not on from the share that was red. */
type Going = z.infer<typeof goingSchema>;

/** What it went back for, and whether it is as before: written down with it, for who dies before it can say so. */
type Back = z.infer<typeof backSchema>;

type Remembered = Readonly<Record<string, unknown>>;

const goingIn = ({ going }: Remembered): Going | undefined => goingSchema.safeParse(going).data;

const backIn = ({ back }: Remembered): Back | undefined => backSchema.safeParse(back).data;

async function goBack(
  gate: Gate,
  { image, ...going }: Going & { readonly image: unknown },
  { asked }: Remembered,
  context: StepContext,
): Promise<StepOutcome> {
  context.remember({ image, share: going.share, going });
  await context.mustHold();
  await gate.back(image);
  const isBack = (await gate.isBack(image)) ?? null;
  const back = { ...going, isBack };
  // One that begins anew after it went back is not sent back by the same word.
  context.remember({ image, share: 0, going: null, back, ...(going.byPeople ? { heeded: asked } : {}) });
  return wentBack(back);
}

function wentBack({ share, red, isBack, byPeople }: Back): StepOutcome {
  const told = `it was told to go back, and ${isBack === null ? 'cannot be read: nobody can tell whether it did' : 'is not as before'}`;
  return {
    state: 'failed',
    code: 'ramp.red',
    summary: `at ${share} % ${red}; ${isBack === true ? 'it is as before' : told}`,
    hint: 'Find out what it cannot bear, then go on with the run: it begins anew.',
    ...(byPeople ? { byPeople } : {}),
  };
}

async function prove(input: Input, context: StepContext, is: 'done' | 'undone'): Promise<StepProof> {
  const gate = await openGate(input, context);
  if ('outside' in gate) return { state: 'unknown', text: gate.outside };
  const { image, share } = input.remembered;
  if (is === 'undone') {
    const isBack = share === undefined ? true : await gate.isBack(image);
    return proofOf(isBack, `${gate.shown} ${asBefore(isBack)}`);
  }
  const specs = specsOf(input.settings, context);
  const left = input.outputs?.['leftBy'];
  const isThere = await gate.isAt(Number(input.outputs?.['share'] ?? share ?? 0), image);
  // Whoever left it there knows that something is red: where the share itself cannot be read they answer for it.
  if (isThere === undefined && typeof left === 'string')
    return { state: 'proved', text: `${left} answers for leaving it as it is` };
  return isThere === undefined
    ? proofByChecks(specs, input.settings, context)
    : proofOf(isThere, `${gate.shown} ${isThere ? 'lets it in' : 'does not let it in'}`);
}

const asBefore = (isBack: boolean | undefined): string =>
  isBack === undefined
    ? 'cannot be read: nobody can tell whether it is as before'
    : `${isBack ? 'is' : 'is not'} as before`;

/** Where the share itself cannot be read: that what is to hold holds with the work in is all that can be seen. */
async function proofByChecks(
  specs: readonly CheckSpec[],
  settings: Settings,
  context: StepContext,
): Promise<StepProof> {
  const red = await redOf(specs, settings, context);
  return proofOf(red === undefined, red ?? 'what must hold holds');
}

const proofOf = (is: boolean | undefined, text: string): StepProof => ({
  state: is === undefined ? 'unknown' : is ? 'proved' : 'refuted',
  text,
});

const wordsOf = (shares: readonly number[]): string => shares.map((share) => `${share} %`).join(', then ');
