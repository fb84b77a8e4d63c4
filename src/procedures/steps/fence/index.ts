import { z } from 'zod';
import { isoTime, limits } from '../../../core/index.ts';
import type { Fence, FenceRecord } from '../../hands/fences/fence.ts';
import {
  notExercised,
  type StepContext,
  type StepInput,
  type StepKind,
  type StepOutcome,
  type StepProof,
} from '../../step.ts';
import { isWay, openFences, ways, type FenceSettings } from '../../hands/fences/open.ts';

const long = z.strictObject({
  service: z.string().min(1).optional(),
  services: z.array(z.string().min(1)).min(1).optional(),
  asset: z.string().min(1).optional(),
  how: z
    .string()
    .min(1)
    .optional()
    .describe(`${ways.join(', ')}; anything else is words for people`),
  pointer: z.string().min(1).optional().describe('With how: proxy: the pointer of the service that names the backend'),
  servers: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('With how: proxy: these servers of the backend; all unless stated'),
  deployment: z
    .string()
    .min(1)
    .optional()
    .describe('With how: scale: the deployment, if it is not called as the service'),
  statefulset: z.string().min(1).optional().describe('With how: scale: the stateful set, where it is no deployment'),
  cluster: z.string().min(1).optional().describe('With how: scale: that of the environment unless stated'),
  namespace: z.string().min(1).optional().describe('With how: scale: that of the environment unless stated'),
  keeps: z.array(z.string().min(1)).optional().describe('What goes on meanwhile: reads'),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;
type Input = StepInput<Settings>;

const longOf = (settings: Settings): FenceSettings => (typeof settings === 'string' ? { service: settings } : settings);

/**
 * `fence: shop` or `fence: { asset: orders, how: revoke }`: writers are stopped, and proved to be: it is done only when the world was asked
 * and said so. What cannot be asked is unknown, and no fence.
 */
export const fenceStep: StepKind<Settings> = {
  kind: 'fence',
  about: 'Keeps writers away, and is done only when that is proved. What cannot be asked is unknown, and no fence.',
  example: [
    '- fence: shop',
    '- fence: { asset: orders, how: read-only }',
    '- fence: { service: shop, how: scale, deployment: shop-web }',
  ].join('\n'),
  schema: schema as z.ZodType<Settings>,
  destructive: true,
  inBubble: 'inside',
  notYet: (written) => {
    const how = typeof written === 'object' && written !== null && 'how' in written ? written.how : undefined;
    return typeof how === 'string' && !isWay(how) && !how.includes('${') ? `the fence "${how}"` : undefined;
  },
  title: (settings) => `keep writers away from ${namesOf(longOf(settings))}`,
  describe: async ({ settings }, context) => {
    const fences = await openFences(longOf(settings), context);
    if ('outside' in fences) return { certainty: 'unknown', text: `not exercised in a bubble: ${fences.outside}` };
    const seen = await Promise.all(
      fences.map(async (fence) => `${fence.how}: ${(await fence.prove(undefined)).text} now`),
    );
    return { certainty: 'predicted', text: seen.join('; ') };
  },
  run,
  inspect: async (input, context) => {
    if (input.remembered['before'] === undefined) return 'not-done';
    const fences = await openFences(longOf(input.settings), context);
    if ('outside' in fences) return 'not-done';
    const before = beforeOf(input) ?? {};
    const proofs = await Promise.all(fences.map((fence) => fence.prove(before[keyOf(fence)])));
    // Putting it up again is the same as once, so where it does not stand it is simply put up.
    return proofs.every(({ state }) => state === 'proved')
      ? doneOf(input, before, fences, proofs, context)
      : 'not-done';
  },
  undo: async (input, context) => {
    const fences = await openFences(longOf(input.settings), context);
    if ('outside' in fences) return notExercised(fences.outside);
    const before = beforeOf(input);
    if (before === undefined) return { state: 'done', outputs: {}, summary: 'it was never put up' };
    for (const fence of fences.toReversed()) {
      await context.mustHold();
      await fence.lift(before[keyOf(fence)]);
    }
    return { state: 'done', outputs: {}, summary: `${namesOf(longOf(input.settings))} may be written to again` };
  },
  prove: async (input, context, is) => {
    const fences = await openFences(longOf(input.settings), context);
    if ('outside' in fences) return { state: 'unknown', text: fences.outside };
    const before = beforeOf(input) ?? {};
    return worst(
      await Promise.all(
        fences.map((fence) =>
          is === 'done' ? fence.prove(before[keyOf(fence)]) : fence.proveLifted(before[keyOf(fence)] ?? null),
        ),
      ),
    );
  },
};

async function run(input: Input, context: StepContext): Promise<StepOutcome> {
  const fences = await openFences(longOf(input.settings), context);
  if ('outside' in fences) return notExercised(fences.outside);
  const before =
    beforeOf(input) ??
    Object.fromEntries(await Promise.all(fences.map(async (fence) => [keyOf(fence), await fence.before()])));
  context.remember({ before });
  for (const fence of fences) await fence.put(before[keyOf(fence)]);
  const proofs: StepProof[] = [];
  for (const fence of fences) {
    const proof = await proved(fence, before[keyOf(fence)], context);
    context.output(`${proof.state}: ${proof.text}`);
    proofs.push(proof);
  }
  const { state, text } = worst(proofs);
  if (state === 'proved') return doneOf(input, before, fences, proofs, context);
  return {
    state: 'failed',
    code: 'fence.unproved',
    summary: `${state === 'refuted' ? 'writers are left' : 'nobody can tell whether writers are left'}: ${text}`,
    hint: 'Nothing after this may act as if nobody wrote. Find who does, or fence in another way.',
  };
}

/** What was in flight has a moment to end. */
async function proved(fence: Fence, before: unknown, { clock, signal }: StepContext): Promise<StepProof> {
  const until = clock.elapsed() + limits.fenceProofMs;
  for (;;) {
    const proof = await fence.prove(before);
    if (proof.state === 'proved' || clock.elapsed() >= until) return proof;
    await clock.sleep(250, signal);
  }
}

function doneOf(
  { settings }: Input,
  before: Readonly<Record<string, unknown>>,
  fences: readonly Fence[],
  proofs: readonly StepProof[],
  { clock, here, environment }: StepContext,
): StepOutcome {
  const kept = (fence: Fence): unknown => {
    const own = before[keyOf(fence)] ?? null;
    return own === null ? null : (fence.proved?.(own) ?? own);
  };
  const fenced = fences.map((fence, index): FenceRecord => ({
    what: fence.what,
    how: fence.how,
    before: kept(fence),
    proof: proofs[index]?.text ?? '',
    settings: { ...longOf(settings) },
    where: { environment: environment.name, host: here.host, site: here.site ?? null },
    provedAt: isoTime(clock.now()),
  }));
  return { state: 'done', outputs: { fenced }, summary: fenced.map(({ proof }) => proof).join('; ') };
}

function worst(proofs: readonly StepProof[]): StepProof {
  const found = proofs.find(({ state }) => state === 'refuted') ?? proofs.find(({ state }) => state === 'unknown');
  return found ?? { state: 'proved', text: proofs.map(({ text }) => text).join('; ') };
}

function beforeOf({ remembered }: Input): Record<string, unknown> | undefined {
  const { before } = remembered;
  return typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : undefined;
}

const keyOf = ({ what, how }: Fence): string => `${what} by ${how}`;

const namesOf = ({ service, services = [], asset }: FenceSettings): string =>
  [...(service === undefined ? [] : [service]), ...services, ...(asset === undefined ? [] : [asset])].join(', ');
