import type { Facts } from '../../facts/facts.ts';
import { strictest, targetsForLoss, targetsForAsset } from '../../facts/targets.ts';
import type { Found, Rule } from '../../rule.ts';
import { sentenceDuration } from '../../words.ts';

const example = (every: string): string => `objectives: { rpo: 1h }
policies:
  database: { every: ${every}, budget: 12m, to: [far] }
assets:
  orders: { type: postgres, policy: database, … }`;

/** The newest point of an asset must never be older than what may be lost. */
export const rpoSchedule: Rule = {
  code: 'time.rpo',
  severity: 'error',
  title: 'The newest point of an asset can be older than the RPO',
  why: `An RPO is kept only if, at any moment, the newest usable point is younger than it. Its age at worst is the longest gap of the
schedule, plus the time that taking it needs, plus the time until it has been copied to a store that survives. A plan that promises one
hour and takes a backup every six hours loses up to six hours, and finds out on the day. Months, weeks and changes of clocks are
counted over ten years.`,
  bad: example('6h'),
  good: example('30m'),
  *find(facts) {
    for (const asset of facts.plan.assets.keys()) {
      const target = strictest(targetsForAsset(facts, asset, 'rpo'));
      if (target !== undefined) yield* judge(facts, asset, target.ms, `the RPO of ${target.of}`);
    }
  },
};

function* judge(facts: Facts, asset: string, rpoMs: number, whose: string): Iterable<Found> {
  const age = facts.freshness.best(asset);
  if (age === undefined || age.how === 'nothing' || age.worstMs <= rpoMs) return;
  const onlyClocks = age.usualMs <= rpoMs && age.worstMs - age.usualMs <= 3_600_000;
  yield {
    path: age.path,
    message: `${whose} is ${sentenceDuration(rpoMs)}; the newest point of ${asset} can be ${sentenceDuration(age.worstMs)} old (${age.because})${onlyClocks ? ', on the day the clocks change' : ''}`,
    hint: onlyClocks
      ? `Count the schedule in hours (every 24h), or allow ${sentenceDuration(age.worstMs)}.`
      : `Take points at least every ${sentenceDuration(rpoMs)}, add a stream, or promise what the schedule keeps.`,
    ...(onlyClocks ? { severity: 'warning' } : {}),
  };
}

/** The same for each scenario, with what it leaves standing. */
export const rpoScenario: Rule = {
  code: 'time.scenario_rpo',
  severity: 'error',
  title: 'A scenario promises to lose less than its restore loses',
  why: `A scenario has its own target, and takes domains away: what counts is the age of the newest point in the stores that are left. A
scenario that promises to lose nothing and restores last night's backup loses up to a day.`,
  bad: `scenarios:
  cluster_lost:
    objectives: { rpo: 0s }
    steps: [{ restore: orders }]   # taken once a day`,
  good: `scenarios:
  cluster_lost:
    objectives: { rpo: 24h }
    steps: [{ restore: orders }]`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const { scenario, acts } = procedure;
      const restored = acts.flatMap(({ kind, what }) => (kind === 'restores' ? [what.replace(/^asset:/, '')] : []));
      const lost = scenario.loses.domains;
      for (const asset of new Set([...restored, ...facts.domains.assetsLostBy(scenario)])) {
        const target = strictest(targetsForLoss(facts, scenario, asset));
        const age = facts.freshness.best(asset, (store) => facts.domains.storeIsLost(store, lost));
        if (target === undefined || age === undefined || !Number.isFinite(age.worstMs) || age.worstMs <= target.ms)
          continue;
        // What no scenario makes worse is said once, of the asset.
        const always = strictest(targetsForAsset(facts, asset, 'rpo'));
        if (always !== undefined && always.ms <= target.ms && facts.freshness.best(asset)?.worstMs === age.worstMs)
          continue;
        const onlyClocks = age.usualMs <= target.ms && age.worstMs - age.usualMs <= 3_600_000;
        yield {
          path: facts.written.nearest(...procedure.path, 'objectives', 'rpo'),
          message: `${scenario.name} may lose ${sentenceDuration(target.ms)} (${target.of}); the newest point of ${asset} that is left, in ${age.store}, can be ${sentenceDuration(age.worstMs)} old (${age.because})`,
          hint: 'Promise what the newest point can keep, or take and copy points more often.',
          ...(onlyClocks ? { severity: 'warning' } : {}),
        };
      }
    }
  },
};
