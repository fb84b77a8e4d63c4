import type { Facts } from '../../facts/facts.ts';
import { rhythmOf, type Rhythm } from '../../facts/rhythm.ts';
import { strictest, targetsForAsset } from '../../facts/targets.ts';
import type { Found, Rule } from '../../rule.ts';
import { sentenceDuration } from '../../words.ts';

interface Watched {
  readonly what: string;
  readonly rhythm: Rhythm;
  /** What a success may come later than its moment. */
  readonly takesMs: number;
}

export const alertTooEager: Rule = {
  code: 'time.alert_too_eager',
  severity: 'error',
  title: 'An alert rings although everything went as planned',
  why: `An alert on "no success for 30 days" watches a drill on the first Saturday of the month: between two first Saturdays there are 28 or 35 days. It rings
falsely every third month, people learn to ignore it, and on the day it is right nobody looks. The threshold must be longer than the
longest gap of the schedule, with the time the work takes.`,
  bad: `drills: { monthly: { scenario: lost, every: first saturday at 10:00 } }
alerts: { no_drill: { kind: freshness, watch: { drill: monthly }, olderThan: 30d } }`,
  good: `drills: { monthly: { scenario: lost, every: first saturday at 10:00 } }
alerts: { no_drill: { kind: freshness, watch: { drill: monthly }, olderThan: 36d } }`,
  *find(facts) {
    for (const [alert] of facts.written.entries('alerts')) {
      const path = ['alerts', alert];
      const threshold = facts.written.durationMs([...path, 'olderThan']);
      const held = facts.written.durationMs([...path, 'for']) ?? 0;
      if (threshold === undefined) continue;
      for (const { what, rhythm, takesMs } of watchedBy(facts, alert)) {
        const rings = rhythm.gaps.filter(({ ms }) => ms + takesMs > threshold + held);
        const times = rings.reduce((sum, { count }) => sum + count, 0);
        if (times === 0) continue;
        yield {
          path: [...path, 'olderThan'],
          message: `${alert} rings after ${sentenceDuration(threshold + held)}, but ${what} comes up to ${sentenceDuration(rhythm.longestGapMs + takesMs)} apart: a false alarm in ${times} of ${rhythm.count} gaps`,
          hint: `Ring after more than ${sentenceDuration(rhythm.longestGapMs + takesMs)}.`,
        };
        break; // one watched thing is enough to make it ring
      }
    }
    yield* verifications(facts);
  },
};

/** `youngerThan` of a verification is an alert too. */
function* verifications(facts: Facts): Iterable<Found> {
  for (const policy of facts.plan.policies.values()) {
    const path = ['policies', policy.name, 'verify', 'youngerThan'];
    const threshold = facts.written.durationMs(path);
    const rhythm = rhythmOf(policy.every);
    if (threshold === undefined || rhythm === undefined) continue;
    const takesMs = facts.written.durationMs(['policies', policy.name, 'budget']) ?? 0;
    if (rhythm.longestGapMs + takesMs <= threshold) continue;
    yield {
      path,
      message: `points of ${policy.name} must be younger than ${sentenceDuration(threshold)}, but are taken up to ${sentenceDuration(rhythm.longestGapMs + takesMs)} apart`,
      hint: `Allow more than ${sentenceDuration(rhythm.longestGapMs + takesMs)}, or take points more often.`,
    };
  }
}

function watchedBy(facts: Facts, alert: string): Watched[] {
  const at = (word: string): string | undefined => facts.written.text(['alerts', alert, 'watch', word]);
  const drill = at('drill');
  const asset = at('asset');
  const policy = at('policy') ?? (asset === undefined ? undefined : facts.plan.assets.get(asset)?.policy);
  if (drill !== undefined) return drillsWatched(facts, drill);
  const found = policy === undefined ? undefined : facts.plan.policies.get(policy);
  const rhythm = found === undefined ? undefined : rhythmOf(found.every);
  if (found === undefined || rhythm === undefined || found.stream !== undefined) return [];
  const takesMs = facts.written.durationMs(['policies', found.name, 'budget']) ?? 0;
  return [{ what: `a point of ${asset ?? found.name}`, rhythm, takesMs }];
}

/** `any`: the drill that comes most often silences the alert. */
function drillsWatched(facts: Facts, name: string): Watched[] {
  const drills = [...facts.plan.drills.values()].filter((drill) => name === 'any' || drill.name === name);
  const watched = drills.flatMap((drill): Watched[] => {
    const rhythm = rhythmOf(drill.every);
    return rhythm === undefined
      ? []
      : [{ what: `the drill ${drill.name} (${drill.every.map(({ text }) => text).join(', ')})`, rhythm, takesMs: 0 }];
  });
  return watched.toSorted((a, b) => a.rhythm.longestGapMs - b.rhythm.longestGapMs).slice(0, 1);
}

export const noThreshold: Rule = {
  code: 'time.no_threshold',
  severity: 'warning',
  title: 'An alert, a schedule or a drill has no number to be judged by',
  why: `"Backups are monitored for freshness", "snapshots are taken regularly", "quarterly drills": without a number nothing can ring, nothing is late, and
nobody can say whether a drill was passed.`,
  bad: `alerts: { backups_fresh: { kind: freshness, watch: { asset: orders } } }`,
  good: `alerts: { backups_fresh: { kind: freshness, watch: { asset: orders }, olderThan: 26h } }`,
  *find(facts) {
    for (const [alert, written] of facts.written.entries('alerts')) {
      const word = written['kind'] === 'size' ? 'changesBy' : 'olderThan';
      if (!['freshness', 'size'].includes(String(written['kind'])) || written[word] !== undefined) continue;
      yield {
        path: ['alerts', alert],
        message: `the alert ${alert} says of what it tells, but not from which ${word === 'olderThan' ? 'age' : 'change'} on it rings`,
        hint: `Write ${word}: with a number.`,
      };
    }
    for (const asset of facts.plan.assets.values()) {
      const policy = asset.policy === undefined ? undefined : facts.plan.policies.get(asset.policy);
      if (policy === undefined || policy.every.length > 0 || policy.stream !== undefined) continue;
      if (facts.written.has(['policies', policy.name, 'on'])) continue;
      yield {
        path: ['policies', policy.name],
        message: `the policy ${policy.name} protects ${asset.name}, but does not say how often`,
        hint: 'Write every: with a calendar (every 6h, 1d at 02:00).',
      };
    }
    yield* withoutPolicy(facts);
    for (const drill of facts.plan.drills.values()) {
      if (drill.every.length > 0 && Object.keys(drill.expect).length > 0) continue;
      const missing = drill.every.length === 0 ? 'when it is held' : 'what it must reach';
      yield {
        path: ['drills', drill.name],
        message: `the drill ${drill.name} does not say ${missing}`,
        hint: 'Write every: and expect: { rto, rpo, health }.',
      };
    }
  },
};

/** An asset with a promise of its own, or of a service, and nothing that says when points of it are taken. */
function* withoutPolicy(facts: Facts): Iterable<Found> {
  for (const asset of facts.plan.assets.values()) {
    if (asset.policy !== undefined) continue;
    const target = strictest(targetsForAsset(facts, asset.name, 'rpo').filter(({ path }) => path[0] !== 'objectives'));
    if (target === undefined) continue;
    yield {
      path: ['assets', asset.name],
      message: `${target.of} promises to lose at most ${sentenceDuration(target.ms)}, but nothing says how often points of ${asset.name} are taken`,
      hint: 'Name a policy with every:.',
    };
  }
}
