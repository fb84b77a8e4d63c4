import { z } from 'zod';
import { isLifeboatError, parseDuration } from '../../core/index.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path } from '../document.ts';
import { namesIn } from '../expressions.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { CheckWords } from '../kinds.ts';
import type { CheckSpec } from '../model.ts';
import { laterChecks } from '../schema/later-checks.ts';
import { madeOnce } from '../schema/made-once.ts';
import { duration, text } from '../schema/words.ts';

/** What may stand beside the one key that names the kind of a check. */
export const checkBeside = { name: text.optional(), expect: text.optional(), timeout: duration.optional() };

export function readChecks(inspection: Inspection, written: unknown, path: Path): CheckSpec[] {
  if (written === undefined) return [];
  const list = inspection.read(z.array(z.unknown()), written, path) ?? [];
  return list.flatMap((one, index) => readCheck(inspection, one, [...path, index]) ?? []);
}

/** `- sql: select …` with `name`, `expect` and `timeout` beside: the one known key names the kind. */
export function readCheck(inspection: Inspection, written: unknown, path: Path): CheckSpec | undefined {
  const kinds = allChecks(inspection);
  const known = kinds.map(({ kind }) => kind);
  if (!isMapping(written)) return void inspection.read(z.strictObject(checkBeside), written, path);
  const named = kinds.filter(({ kind }) => Object.hasOwn(written, kind));
  const [kind] = named;
  if (kind === undefined) return reportKind(inspection, written, path, known);
  if (named.length > 1) {
    const both = named.map((one) => one.kind).join(' and ');
    inspection.error(
      'plan.ambiguous_kind',
      path,
      `a check asks one thing, this one asks ${both}`,
      'Make two checks of it.',
    );
    return undefined;
  }
  const schema = madeOnce(kind, 'check', () => z.strictObject({ ...checkBeside, [kind.kind]: kind.schema }));
  const read = inspection.read(schema, written, path);
  if (!inspection.kinds.checks.includes(kind)) inspection.notExecutable([...path, kind.kind], `the check ${kind.kind}`);
  checkExpression(inspection, written['expect'], [...path, 'expect']);
  if (read === undefined) return undefined;
  const unasked = kind.notYet?.(written[kind.kind]);
  if (unasked !== undefined) inspection.notExecutable([...path, kind.kind], unasked);
  return {
    kind: kind.kind,
    settings: written[kind.kind],
    ...(typeof written['name'] === 'string' ? { name: written['name'] } : {}),
    ...(typeof written['expect'] === 'string' ? { expect: written['expect'] } : {}),
    ...(typeof written['timeout'] === 'string' ? { timeoutMs: parseDuration(written['timeout']) } : {}),
  };
}

/** Check kinds with those that only the language knows yet. */
export const allChecks = (inspection: { readonly kinds: { readonly checks: readonly CheckWords[] } }): CheckWords[] => {
  const built = inspection.kinds.checks;
  return [...built, ...laterChecks.filter(({ kind }) => !built.some((one) => one.kind === kind))];
};

function reportKind(
  inspection: Inspection,
  written: Record<string, unknown>,
  path: Path,
  known: readonly string[],
): undefined {
  const other = Object.keys(written).find((key) => !Object.hasOwn(checkBeside, key));
  if (other === undefined) {
    return void inspection.error(
      'plan.unknown_kind',
      path,
      'this check does not say what it asks',
      `Add one of: ${known.join(', ')}.`,
    );
  }
  const message = `there is no check of kind "${other}"`;
  inspection.error('plan.unknown_kind', [...path, other], message, didYouMean(other, known));
  return undefined;
}

export function checkExpression(inspection: Inspection, expression: unknown, path: Path): void {
  if (typeof expression !== 'string') return;
  try {
    namesIn(expression);
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    inspection.error('plan.bad_expression', path, error.message, error.hint, 'value');
  }
}
