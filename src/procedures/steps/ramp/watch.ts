import { runCheck, type CheckSpec } from '../../../checks/index.ts';
import { LifeboatError, limits, parseDuration, redact } from '../../../core/index.ts';
import { checkContextOf, checkOf, askInside, stayInside } from '../../settings/check-of.ts';
import type { StepContext } from '../../step.ts';
import { isHealth, type Settings } from './settings.ts';

/**
 * What must stay green while work is let in. Throws `plan.not_executable` for words that nothing asks, `plan.invalid` where there is nothing to
 * ask: a ramp that nobody watches is none.
 */
export function specsOf({ service, while: word }: Settings, { plan, checkKinds }: StepContext): readonly CheckSpec[] {
  if (Array.isArray(word)) return word.map((one) => checkOf(one, checkKinds).spec);
  if (!isHealth(word)) {
    throw new LifeboatError('plan.not_executable', `nothing can ask whether "${word}"`, {
      hint: 'Write while: health, or checks.',
    });
  }
  const declared = plan.services.get(service);
  if (declared === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no service ${service}`, {
      hint: `It has: ${[...plan.services.keys()].join(', ') || 'none'}.`,
    });
  }
  if (declared.health.length > 0) return declared.health;
  throw new LifeboatError('plan.invalid', `nothing says what must stay green while ${service} gets its work back`, {
    hint: `Give it health checks, or the ramp while: [checks].`,
  });
}

/** Watches for a while; what is red twice in a row, in words. Always looks at the end. */
export async function watch(
  specs: readonly CheckSpec[],
  forMs: number,
  settings: Settings,
  context: StepContext,
): Promise<string | undefined> {
  const { clock, signal } = context;
  const endMs = clock.elapsed() + forMs;
  for (;;) {
    await clock.sleep(Math.max(0, Math.min(limits.invariantLookMs, endMs - clock.elapsed())), signal);
    const red = await redTwice(specs, settings, context);
    if (red !== undefined || clock.elapsed() >= endMs) return red;
  }
}

/** Until it was green for the pause of a share; false when patience is over. */
export async function greenAgain(
  specs: readonly CheckSpec[],
  settings: Settings,
  context: StepContext,
): Promise<boolean> {
  const { clock } = context;
  const endMs = clock.elapsed() + patienceMs(settings);
  while (clock.elapsed() < endMs) {
    if ((await watch(specs, pauseMs(settings), settings, context)) === undefined) return true;
    await clock.sleep(limits.invariantAgainMs, context.signal);
  }
  return false;
}

export const pauseMs = ({ pause }: Settings): number =>
  pause === undefined ? limits.rampPauseMs : parseDuration(pause);
export const patienceMs = ({ red, patience }: Settings): number =>
  red !== 'wait' ? 0 : patience === undefined ? limits.rampPatienceMs : parseDuration(patience);

/** How long the replicas of a share may take until all of them are available. */
export const availableMs = ({ patience }: Settings): number =>
  patience === undefined ? limits.rampPatienceMs : parseDuration(patience);

async function redTwice(
  specs: readonly CheckSpec[],
  settings: Settings,
  context: StepContext,
): Promise<string | undefined> {
  if ((await redOf(specs, settings, context)) === undefined) return undefined;
  await context.clock.sleep(limits.invariantAgainMs, context.signal);
  return redOf(specs, settings, context);
}

/** What is red now, in words. */
export async function redOf(
  specs: readonly CheckSpec[],
  { service, while: word }: Settings,
  context: StepContext,
): Promise<string | undefined> {
  const where = checkContextOf(context, isHealth(word) ? service : undefined);
  if (where.serviceUrl !== undefined) stayInside(context, where.serviceUrl);
  const red: string[] = [];
  for (const spec of specs) {
    askInside(context, spec);
    const { name, ok, observed, expected } = await runCheck(spec, context.checkKinds, where);
    context.signal.throwIfAborted();
    if (!ok) red.push(`${name}: ${observed}, expected ${expected}`);
  }
  return red.length === 0 ? undefined : redact(red.join('; '));
}
