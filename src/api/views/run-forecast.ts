import { isoTime } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { expectedOf, type Forecast, type Measured } from '../../procedures/index.ts';
import type { Run, Step } from '../contract/index.ts';

export function forecastShown(forecast: Forecast | undefined): Run['forecast'] {
  if (forecast === undefined) return null;
  const { p50EndMs, p90EndMs, measured, runsMin, budgeted, unknown } = forecast;
  return {
    p50At: isoTime(p50EndMs),
    p90At: isoTime(p90EndMs),
    measured: [...measured],
    runs: runsMin ?? null,
    budgeted: [...budgeted],
    unknown: [...unknown],
  };
}

/** What the earlier runs say of a step; null where they are too few. */
export function measuredShown(step: StepDeclaration | undefined, measured: Measured): Step['measured'] {
  const expected = step === undefined ? undefined : expectedOf(step, measured);
  if (expected === undefined || expected.runs === 0) return null;
  return { p50Seconds: expected.p50Ms / 1000, p90Seconds: expected.p90Ms / 1000, runs: expected.runs };
}
