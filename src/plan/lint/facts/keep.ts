import type { Path } from '../../document.ts';
import { isMapping } from '../../inspection.ts';
import { durationOf, type Written } from './written.ts';

/** One window of a policy's retention: `daily: 30d`, `weekly: { day: sunday, for: 90d }`. */
export interface KeepWindow {
  readonly name: string;
  readonly ms: number;
  readonly path: Path;
}

const names = ['all', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'];

/** Shortest first. */
export function keepWindows(written: Written, policy: string): KeepWindow[] {
  return names
    .flatMap((name): KeepWindow[] => {
      const path: Path = ['policies', policy, 'keep', name];
      const value = written.at(path);
      const ms = durationOf(isMapping(value) ? value['for'] : value);
      return ms === undefined ? [] : [{ name, ms, path }];
    })
    .sort((a, b) => a.ms - b.ms);
}

/** How long the longest-lived point is there; undefined when the policy does not say, or keeps for ever. */
export function keepMs(written: Written, policy: string): number | undefined {
  if (written.at(['policies', policy, 'keep', 'forever']) === true) return undefined;
  const tiers = written.list(['policies', policy, 'keep', 'tiers']).flatMap((tier) => {
    const after = isMapping(tier) ? durationOf(tier['after']) : undefined;
    const stays = isMapping(tier) ? durationOf(tier['for']) : undefined;
    return after === undefined || stays === undefined ? [] : [after + stays];
  });
  const all = [...keepWindows(written, policy).map(({ ms }) => ms), ...tiers];
  return all.length === 0 ? undefined : Math.max(...all);
}
