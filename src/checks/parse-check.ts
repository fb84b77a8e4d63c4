import { isLifeboatError, LifeboatError, parseDuration } from '../core/index.ts';
import { didYouMean, namesIn } from '../plan/index.ts';
import type { CheckKind, CheckSpec } from './check.ts';

const beside = ['name', 'expect', 'timeout'];

/**
 * A check as plans and steps write it, `{ sql: …, expect: value > 0, timeout: 5s }`: the one known kind key names the kind.
 * Throws `plan.invalid`.
 */
export function parseCheck(written: Readonly<Record<string, unknown>>, kinds: readonly CheckKind[]): CheckSpec {
  const named = Object.keys(written).filter((key) => !beside.includes(key));
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    throw new LifeboatError('plan.invalid', 'a check has exactly one key that names its kind', {
      hint: `It is one of: ${kinds.map((one) => one.kind).join(', ')}.`,
    });
  }
  const { name, expect, timeout } = written;
  const spec: CheckSpec = {
    kind,
    settings: written[kind],
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof expect === 'string' ? { expect } : {}),
    ...(typeof timeout === 'string' ? { timeoutMs: parseDuration(timeout) } : {}),
  };
  parseCheckSettings(spec, kinds);
  if (spec.expect !== undefined) namesIn(spec.expect);
  return spec;
}

/** The kind of a check and its settings as that kind understands them. Throws `plan.invalid`. */
export function parseCheckSettings(
  spec: CheckSpec,
  kinds: readonly CheckKind[],
): { kind: CheckKind; settings: unknown } {
  const kind = kinds.find((one) => one.kind === spec.kind);
  if (kind === undefined) {
    const hint = didYouMean(
      spec.kind,
      kinds.map((one) => one.kind),
    );
    throw new LifeboatError(
      'plan.invalid',
      `there is no check of kind ${spec.kind}`,
      hint === undefined ? {} : { hint },
    );
  }
  const parsed = kind.schema.safeParse(spec.settings);
  if (parsed.success) return { kind, settings: parsed.data };
  const why = parsed.error.issues.map(({ path, message }) => [...path, message].map(String).join(': ')).join('; ');
  throw new LifeboatError('plan.invalid', `the check ${spec.kind} is not written right: ${why}`);
}

/** A duration of a check's settings, milliseconds. */
export function durationOr(text: string | undefined, otherwiseMs: number): number {
  try {
    return text === undefined ? otherwiseMs : parseDuration(text);
  } catch (error) {
    throw isLifeboatError(error) ? new LifeboatError('plan.invalid', error.message, { cause: error }) : error;
  }
}
