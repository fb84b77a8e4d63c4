import { z } from 'zod';
import { readText, redact, Secret } from '../../../core/index.ts';
import { duration } from '../../settings/duration.ts';
import {
  notExercised,
  type StepContext,
  type StepInput,
  type StepKind,
  type StepOutcome,
  type StepProof,
} from '../../step.ts';
import { openPointer } from './open.ts';
import { say, type Image, type Pointer } from './pointer.ts';
import { cachedSeconds } from './pointers/dns.ts';

const target = z.union([
  z.string().min(1),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const schema = z.strictObject({
  service: z.string().min(1),
  pointer: z.string().min(1).describe('The pointer, as the service declares it'),
  value: target,
  from: target.optional().describe('What it must say before; if it says something else, nothing is turned'),
  how: z.string().min(1).optional(),
  ttl: duration.optional().describe('How long caches may keep a record that is turned'),
  file: z.string().min(1).optional().describe('The change as a file'),
});
type Settings = z.infer<typeof schema>;
type Input = StepInput<Settings>;

/**
 * `switch: { service: shop, pointer: database, value: "${steps.bring_back.url}" }`: reads what the pointer says, keeps that, turns it only
 * if it still says so, and asks it again. Turning it twice is the same as once.
 */
export const switchStep: StepKind<Settings> = {
  kind: 'switch',
  about:
    'Reads what a pointer says, keeps that, turns it only if it still says so, and asks it again. Twice is the same as once.',
  example: [
    '- switch: { service: shop, pointer: database, value: "${steps.bring_back.url}" }',
    '- switch: { service: shop, pointer: www, value: 192.0.2.7, ttl: 1m }',
  ].join('\n'),
  schema: schema as z.ZodType<Settings>,
  destructive: true,
  inBubble: 'inside',
  title: ({ service, pointer }) => `turn the ${pointer} of ${service}`,
  describe: async ({ settings }, context) => {
    const opened = await openPointer(settings, context);
    if ('outside' in opened) return { certainty: 'unknown', text: `not exercised in a bubble: ${opened.outside}` };
    const now = await opened.pointer.read();
    return { certainty: 'predicted', text: `${opened.pointer.shown}: ${shownValue(opened.pointer, now)} now` };
  },
  run,
  inspect,
  undo,
  prove,
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  const { settings, key } = input;
  const opened = await openPointer(settings, context);
  if ('outside' in opened) return notExercised(opened.outside);
  const { pointer } = opened;
  const before = await pointer.read();
  const after = await pointer.normal(await revealed(settings.value));
  if (before === after)
    return {
      state: 'done',
      outputs: outputsOf(pointer, undefined, after),
      summary: `${pointer.shown} says so already`,
    };
  if (settings.from !== undefined) {
    const expected = await pointer.normal(await revealed(settings.from));
    if (before !== expected) return unexpected(pointer, before, expected);
  }
  const image: Image = { before: before ?? null, after };
  context.remember(await factsOf(pointer, key, image));
  const cached = opened.dns === undefined ? undefined : await cachedSeconds(opened.dns);
  await context.mustHold();
  await pointer.set(before, after);
  const now = await pointer.read();
  if (now !== after) return unseen(pointer, now, after);
  const late = cached === undefined ? '' : `; caches may go on saying the old one for ${cached} s`;
  return {
    state: 'done',
    outputs: { ...outputsOf(pointer, before, after), ...(cached === undefined ? {} : { cachedSeconds: cached }) },
    summary: `${pointer.shown} says ${shownValue(pointer, after)} now${late}`,
  };
}

/** After a crash the pointer itself tells: it says the old, the new, or what somebody else wrote. */
async function inspect(input: Input, context: StepContext): Promise<'not-done' | 'unknown' | StepOutcome> {
  const opened = await openPointer(input.settings, context);
  if ('outside' in opened) return 'not-done';
  const { pointer } = opened;
  const image = await imageOf(pointer, input);
  if (image === undefined) return input.remembered['pointer'] === undefined ? 'not-done' : 'unknown';
  const now = (await pointer.read()) ?? null;
  if (now === image.before) return 'not-done';
  if (now !== image.after) return 'unknown';
  const summary = `${pointer.shown} says ${shownValue(pointer, now ?? undefined)}`;
  return { state: 'done', outputs: outputsOf(pointer, image.before ?? undefined, image.after ?? ''), summary };
}

async function undo(input: Input, context: StepContext): Promise<StepOutcome> {
  const opened = await openPointer(input.settings, context);
  if ('outside' in opened) return notExercised(opened.outside);
  const { pointer } = opened;
  const image = await imageOf(pointer, input);
  if (image === undefined) {
    if (input.remembered['pointer'] === undefined)
      return { state: 'done', outputs: {}, summary: 'it was never turned' };
    return {
      state: 'needs-human',
      question: `What ${pointer.shown} said before is not to be had any more. What should it say?`,
    };
  }
  const now = (await pointer.read()) ?? null;
  const back = {
    state: 'done' as const,
    outputs: {},
    summary: `${pointer.shown} says ${shownValue(pointer, image.before ?? undefined)} again`,
  };
  if (now === image.before) return back;
  if (now !== image.after) return unexpected(pointer, now ?? undefined, image.after ?? undefined);
  await context.mustHold();
  await pointer.set(image.after ?? undefined, image.before ?? undefined);
  const seen = await pointer.read();
  return (seen ?? null) === image.before ? back : unseen(pointer, seen, image.before ?? undefined);
}

async function prove(input: Input, context: StepContext, is: 'done' | 'undone'): Promise<StepProof> {
  const opened = await openPointer(input.settings, context);
  if ('outside' in opened) return { state: 'unknown', text: opened.outside };
  const { pointer } = opened;
  const image = await imageOf(pointer, input);
  const now = (await pointer.read()) ?? null;
  const text = `${pointer.shown} says ${shownValue(pointer, now ?? undefined)}`;
  // It said so before the step, and nothing was turned: there is nothing to take back either.
  const untouched = image === undefined && input.remembered['pointer'] === undefined;
  if (untouched && is === 'undone') return { state: 'proved', text };
  const wanted = untouched
    ? { after: await pointer.normal(await revealed(input.settings.value)), before: null }
    : image;
  if (wanted === undefined) return { state: 'unknown', text };
  return { state: now === (is === 'done' ? wanted.after : wanted.before) ? 'proved' : 'refuted', text };
}

/** Written down before the act. What may be a secret stays where the pointer is; the record says where. */
async function factsOf(pointer: Pointer, key: string, image: Image): Promise<Record<string, unknown>> {
  if (!pointer.isSecret) return { pointer: pointer.shown, ...image };
  return { pointer: pointer.shown, keptIn: await pointer.keep(key, image) };
}

async function imageOf(pointer: Pointer, { remembered }: Input): Promise<Image | undefined> {
  const { keptIn, before, after } = remembered;
  if (typeof keptIn === 'string') return pointer.kept(keptIn);
  if (before === undefined || typeof after !== 'string') return undefined;
  return { before: before === null ? null : String(before), after };
}

function outputsOf(pointer: Pointer, before: string | undefined, after: string): Record<string, unknown> {
  if (pointer.isSecret) return { pointer: pointer.shown };
  return { pointer: pointer.shown, before: before ?? null, value: after };
}

const unexpected = (pointer: Pointer, now: string | undefined, expected: string | undefined): StepOutcome => ({
  state: 'failed',
  code: 'switch.changed',
  summary: `${pointer.shown} says ${shownValue(pointer, now)} and not ${shownValue(pointer, expected)}, so it was not turned`,
  hint: 'Find out who changed it and what it should say; then go on with the run.',
});

const unseen = (pointer: Pointer, now: string | undefined, wanted: string | undefined): StepOutcome => ({
  state: 'failed',
  code: 'switch.unseen',
  summary: `${pointer.shown} was told ${shownValue(pointer, wanted)} and says ${shownValue(pointer, now)}`,
  hint: 'Somebody may have turned it back at once: a deployment, a controller, a supervisor.',
});

/** An address without its password is worth seeing; anything else that may be a secret is not. */
function shownValue({ isSecret }: Pointer, value: string | undefined): string {
  if (value === undefined || !isSecret) return say(value);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return 'a value that is not shown';
  const { protocol, username, password, host, pathname, search, hash } = new URL(value);
  // A password with a `/`, `?` or `#` in it ends the host too early: what stands before the `@` behind that is a part of it.
  const mayHold = pathname === '' ? search : search.replace(/=.*$/s, '');
  if ((pathname + mayHold + hash).includes('@')) return 'a value that is not shown';
  const who = `${username}${password === '' ? '' : ':[secret]'}`;
  // A password may stand among the parameters too.
  return say(
    redact(`${protocol}//${who}${who === '' ? '' : '@'}${host}${pathname}${search + hash === '' ? '' : '?…'}`),
  );
}

const revealed = async (written: Settings['value']): Promise<string> => {
  const text = await readText(written as string | { env: string });
  return typeof written === 'string' ? text : new Secret(text).reveal();
};
