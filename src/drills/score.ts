import type { DrillCriteria } from '../plan/index.ts';
import type { Absence } from './absence.ts';
import type { AssetMeasure } from './measure.ts';

/** What a drill (or a real recovery) came to, measured. Undefined is "nobody knows", and never counts as met. */
export interface Measured {
  /** The procedure went through to its end. */
  readonly procedureDone: boolean;
  /** From the declaration to the last green check, milliseconds. */
  readonly rtoMs: number | undefined;
  readonly assets: readonly AssetMeasure[];
  /** The checks asked of what was restored, after the procedure. */
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[];
  /** Sources and targets are what they were and where they should be; undefined when that was not observed. */
  readonly isolated: boolean | undefined;
  /** Everything made for the drill is gone. */
  readonly destroyed: boolean | undefined;
  /** Who stands in for people who are absent; undefined: everybody is there. */
  readonly people?: Absence | undefined;
}

export interface Criterion {
  readonly name: 'procedure' | 'people' | 'rto' | 'rpo' | 'lost' | 'health' | 'isolation' | 'bubble';
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly unit: 'ms' | 'things' | 'checks' | 'none';
  readonly measured: number | undefined;
  readonly target: number | undefined;
  /** Target less measured: negative when missed. */
  readonly margin: number | undefined;
  /** The figure is an upper bound: the truth is at most that. */
  readonly bound: boolean;
  readonly text: string;
}

/** Scores what was measured against what was expected. Pure; what was not measured is unknown, and unknown is red. */
export function scoreDrill(
  measured: Measured,
  expected: DrillCriteria,
): { verdict: 'pass' | 'fail'; criteria: Criterion[] } {
  const criteria = [
    said('procedure', measured.procedureDone, 'the procedure came to its end', 'the procedure did not come to its end'),
    ...(measured.people === undefined ? [] : [scorePeople(measured.people)]),
    ...(expected.rtoMs === undefined ? [] : [scoreRto(measured, expected.rtoMs)]),
    ...(expected.rpoMs === undefined ? [] : [scoreRpo(measured, expected.rpoMs)]),
    ...(expected.lost === undefined ? [] : [scoreLost(measured, expected.lost)]),
    ...(expected.health === true ? [scoreHealth(measured)] : []),
    said(
      'isolation',
      measured.isolated,
      'no source was seen to change, and every restore stayed inside',
      'it cannot be shown that nothing outside was touched',
    ),
    said('bubble', measured.destroyed, 'all that was made for the drill is gone', 'something of the drill is left'),
  ];
  return { verdict: criteria.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'fail', criteria };
}

function scorePeople({ absent, steppedOver, nobody }: Absence): Criterion {
  const without = `without ${absent.join(', ')}`;
  const over = steppedOver.length === 0 ? 'nobody is needed who is away' : steppedOver.join('; ');
  return said('people', nobody.length === 0, `${without}: ${over}`, `${without}: ${nobody.join('; ')}`);
}

function scoreRto({ rtoMs, procedureDone }: Measured, targetMs: number): Criterion {
  // A procedure that did not end has no recovery time, however short it was.
  return against('rto', 'ms', procedureDone ? rtoMs : undefined, targetMs, false, 'recovery time');
}

function scoreRpo({ assets }: Measured, targetMs: number): Criterion {
  const worst = worstOf(assets.map(({ rpoMs }) => rpoMs));
  const bound = assets.some((asset) => asset.bound && asset.rpoMs === worst);
  return against('rpo', 'ms', worst, targetMs, bound, 'acknowledged commits that did not come back');
}

function scoreLost({ assets }: Measured, target: number): Criterion {
  const lost = assets.map((asset) => asset.lost);
  const sum =
    lost.length === 0 || lost.includes(undefined) ? undefined : lost.reduce<number>((a, b) => a + (b ?? 0), 0);
  return against('lost', 'things', sum, target, false, 'acknowledged things lost');
}

function scoreHealth({ checks }: Measured): Criterion {
  const red = checks.filter(({ ok }) => !ok);
  const base = { name: 'health', unit: 'checks', measured: checks.length - red.length, bound: false } as const;
  if (checks.length === 0) {
    return {
      ...base,
      verdict: 'unknown',
      measured: undefined,
      target: undefined,
      margin: undefined,
      text: 'no check was asked',
    };
  }
  const text =
    red.length === 0
      ? `${checks.length === 1 ? 'the check is' : `all ${checks.length} checks are`} green`
      : `red: ${red.map(({ name }) => name).join(', ')}`;
  return { ...base, verdict: red.length === 0 ? 'pass' : 'fail', target: checks.length, margin: -red.length, text };
}

function against(
  name: Criterion['name'],
  unit: Criterion['unit'],
  measured: number | undefined,
  target: number,
  bound: boolean,
  what: string,
): Criterion {
  if (measured === undefined || !Number.isFinite(measured)) {
    const text = `${what}: not known, so not met`;
    return { name, unit, verdict: 'unknown', measured: undefined, target, margin: undefined, bound: false, text };
  }
  const verdict = measured <= target ? 'pass' : 'fail';
  return { name, unit, verdict, measured, target, margin: target - measured, bound, text: what };
}

function said(name: Criterion['name'], is: boolean | undefined, yes: string, no: string): Criterion {
  const verdict = is === undefined ? 'unknown' : is ? 'pass' : 'fail';
  const nothing = { measured: undefined, target: undefined, margin: undefined, bound: false } as const;
  return { name, verdict, unit: 'none', ...nothing, text: is === true ? yes : no };
}

/** The largest, or unknown if any is unknown or there is none. */
function worstOf(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return Math.max(...(values as number[]));
}
