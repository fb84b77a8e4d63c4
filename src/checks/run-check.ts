import { formatDuration, isLifeboatError, LifeboatError, limits, messageOf, redact } from '../core/index.ts';
import { holds } from '../plan/index.ts';
import type { CheckContext, CheckKind, CheckResult, CheckSpec, Observation } from './check.ts';
import { parseCheckSettings } from './parse-check.ts';

/**
 * Asks one check. Never throws for a check that is red or cannot be answered: then `ok` is false and `observed` says what
 * happened, without secrets. `expect` decides over the kind's own idea of green. It ends after `timeoutMs` of the check
 * (default: that of its kind, or `limits.checkTimeoutMs`) or with the context's signal, whichever comes first.
 */
export async function runCheck(
  spec: CheckSpec,
  kinds: readonly CheckKind[],
  context: CheckContext,
): Promise<CheckResult> {
  const startedMs = context.clock.elapsed();
  const answer = await answerOf(spec, kinds, context);
  return {
    name: redact(answer.name),
    ok: answer.ok,
    observed: redact(shortened(answer.observed)),
    expected: redact(answer.expected),
    durationMs: context.clock.elapsed() - startedMs,
  };
}

type Answer = Omit<CheckResult, 'durationMs'>;

async function answerOf(spec: CheckSpec, kinds: readonly CheckKind[], context: CheckContext): Promise<Answer> {
  const expected = spec.expect ?? 'an answer';
  let name = spec.name ?? spec.kind;
  try {
    const { kind, settings } = parseCheckSettings(spec, kinds);
    name = spec.name ?? kind.describe(settings);
    return { name, ...judged(spec, await observedInTime(spec, kind, settings, context)) };
  } catch (error) {
    return { name, ok: false, observed: whatHappened(error), expected };
  }
}

function judged(spec: CheckSpec, observation: Observation): Omit<Answer, 'name'> {
  const { ok, expected, observed, variables } = observation;
  if (spec.expect === undefined) return { ok, expected, observed };
  try {
    return { ok: holds(spec.expect, variables), expected: spec.expect, observed };
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    const known = Object.keys(variables).join(', ');
    const observedToo = `${error.message}; it may use: ${known}. ${observed}`;
    return { ok: false, expected: spec.expect, observed: observedToo };
  }
}

/** A kind is told to stop by its signal and has a grace to do so; one that goes on is left behind. */
async function observedInTime(
  spec: CheckSpec,
  kind: CheckKind,
  settings: unknown,
  context: CheckContext,
): Promise<Observation> {
  const { clock } = context;
  const timeoutMs = spec.timeoutMs ?? kind.timeoutMs ?? limits.checkTimeoutMs;
  const end = new AbortController();
  const settled = new AbortController();
  const onAbort = (): void => end.abort(context.signal?.reason ?? stopped());
  context.signal?.addEventListener('abort', onAbort, { once: true });
  if (context.signal?.aborted) onAbort();
  const late = new LifeboatError('check.unanswered', `nothing came within ${formatDuration(timeoutMs)}`);
  const leftBehind = clock.sleep(timeoutMs, settled.signal).then(async () => {
    end.abort(late);
    await clock.sleep(limits.processGraceMs + graceMs, settled.signal);
    throw late;
  });
  leftBehind.catch(() => {}); // it ends either as the answer below, or because the answer came first
  try {
    end.signal.throwIfAborted();
    return await Promise.race([kind.observe(settings, { ...context, signal: end.signal }), leftBehind]);
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    settled.abort();
    context.signal?.removeEventListener('abort', onAbort);
  }
}

/** Beside the time that ending a program may take. */
const graceMs = 1000;

const stopped = (): LifeboatError => new LifeboatError('operation.cancelled', 'the check was stopped on request');

function whatHappened(error: unknown): string {
  if (!isLifeboatError(error)) return `no answer: ${messageOf(error)}`;
  return error.code === 'check.failed' ? error.message : `no answer: ${error.message}`;
}

const observedCharactersMax = 500;

const shortened = (text: string): string =>
  text.length <= observedCharactersMax ? text : `${text.slice(0, observedCharactersMax)} …`;
