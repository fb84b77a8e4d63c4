import type { Facts } from '../../facts/facts.ts';
import { rhythmOf } from '../../facts/rhythm.ts';
import { keepMs, keepWindows } from '../../facts/keep.ts';
import { durationOf } from '../../facts/written.ts';
import { isMapping } from '../../../inspection.ts';
import type { Path } from '../../../document.ts';
import type { Rule } from '../../rule.ts';
import { listed, sentenceDuration } from '../../words.ts';

export const tierAfterEnd: Rule = {
  code: 'keeping.tier_after_end',
  severity: 'warning',
  title: 'Points are deleted before, or as, they would move to a colder tier',
  why: `A tier that begins after 90 days never sees a point that is kept for 30, and one that is kept for exactly 90 days is moved on the day it is deleted:
paid for, and never there. People count on "long-term copies in the archive" that do not exist.`,
  bad: `keep: { daily: 30d, weekly: 90d, tiers: [{ after: 90d, class: glacier }] }`,
  good: `keep: { daily: 30d, weekly: 90d, monthly: 1y, tiers: [{ after: 91d, class: glacier }] }`,
  *find(facts) {
    for (const [policy] of facts.written.entries('policies')) {
      const windows = keepWindows(facts.written, policy);
      for (const [index, tier] of facts.written.list(['policies', policy, 'keep', 'tiers']).entries()) {
        const after = isMapping(tier) ? durationOf(tier['after']) : undefined;
        const stays = isMapping(tier) ? durationOf(tier['for']) : undefined;
        if (
          after === undefined ||
          stays !== undefined ||
          facts.written.at(['policies', policy, 'keep', 'forever']) === true
        )
          continue;
        const reach = windows.filter(({ ms }) => ms > after);
        const onTheDay = windows.filter(({ ms }) => ms === after);
        if (windows.length === 0 || (reach.length > 0 && onTheDay.length === 0)) continue;
        const gone = windows
          .filter(({ ms }) => ms <= after)
          .map(({ name, ms }) => `${name} points after ${sentenceDuration(ms)}`);
        yield {
          path: ['policies', policy, 'keep', 'tiers', index],
          message: `points move to ${isMapping(tier) ? String(tier['class']) : 'the tier'} after ${sentenceDuration(after)}, but are deleted before or on that day: ${listed(gone)}`,
          hint:
            reach.length === 0
              ? 'Keep some points longer than the tier begins, or leave the tier out.'
              : 'Begin the tier later or earlier than a window ends, and say which points are meant for it.',
        };
      }
    }
  },
};

export const lifecycleTooShort: Rule = {
  code: 'keeping.lifecycle_too_short',
  severity: 'error',
  title: 'A rule of the bucket deletes what the plan promises to keep',
  why: `A bucket's lifecycle counts from the day an object was written, and knows no plan: "30 days, then 90 days in the archive" is 120 days, and a rule that
expires at day 90 leaves 60 of them. For a repository it is worse: packs are shared by points, and one that expires takes points of
any age with it.`,
  bad: `keep: { daily: 30d, tiers: [{ after: 30d, class: glacier, for: 90d }] }
stores: { far: { type: s3, lifecycle: [{ after: 90d, expire: true }] } }`,
  good: `keep: { daily: 30d, tiers: [{ after: 30d, class: glacier, for: 90d }] }
stores: { far: { type: s3, lifecycle: [{ after: 120d, expire: true }] } }`,
  *find(facts) {
    for (const { store, path, ms } of expiries(facts)) {
      for (const policy of policiesInto(facts, store)) {
        const kept = keepMs(facts.written, policy);
        if (kept === undefined || kept <= ms) continue;
        yield {
          path,
          message: `${store} deletes objects after ${sentenceDuration(ms)}, but the policy ${policy} keeps them for ${sentenceDuration(kept)}: ${sentenceDuration(kept - ms)} are missing`,
          hint: 'Let the plan expire points, and the bucket only clean up aborted uploads and old versions.',
        };
      }
    }
  },
};

export const versionsStay: Rule = {
  code: 'keeping.versions_stay',
  severity: 'warning',
  title: 'A versioned bucket never frees what it expires',
  why: `In a bucket with versions, an expiry only hides the object behind a delete marker; the version stays, and is paid for, until a rule for versions that
are not current removes it. It also means that "deleted" personal data is still there.`,
  bad: `stores: { far: { type: s3, versioning: true, lifecycle: [{ after: 90d, expire: true }] } }`,
  good: `stores:
  far:
    type: s3
    versioning: true
    lifecycle: [{ after: 90d, expire: true }, { after: 7d, expire: true, versions: true }]`,
  *find(facts) {
    for (const { store, path } of expiries(facts)) {
      const cleans = facts.written
        .list(['stores', store, 'lifecycle'])
        .some((rule) => isMapping(rule) && rule['versions'] === true);
      if (facts.written.at(['stores', store, 'versioning']) !== true || cleans) continue;
      yield {
        path,
        message: `${store} keeps versions: what its rule expires stays as an old version for ever`,
        hint: 'Add a rule with versions: true that expires versions that are not current.',
      };
    }
  },
};

function* expiries(facts: Facts): Iterable<{ store: string; path: Path; ms: number }> {
  for (const store of facts.plan.stores.keys()) {
    for (const [index, rule] of facts.written.list(['stores', store, 'lifecycle']).entries()) {
      const ms =
        isMapping(rule) && rule['expire'] === true && rule['versions'] !== true ? durationOf(rule['after']) : undefined;
      if (ms !== undefined) yield { store, path: ['stores', store, 'lifecycle', index], ms };
    }
  }
}

const policiesInto = (facts: Facts, store: string): string[] =>
  [...facts.plan.policies.values()]
    .filter(({ to, copy }) => to.includes(store) || copy?.to.includes(store) === true)
    .map(({ name }) => name);

export const pitrWithoutBase: Rule = {
  code: 'keeping.pitr_without_base',
  severity: 'error',
  title: 'The log reaches further back than the base backups that it needs',
  why: `Recovery to a moment starts from a base backup before that moment. A log of seven days is worth three if the oldest base backup is three days old.`,
  bad: `keep: { daily: 3d, pitr: 7d }`,
  good: `keep: { daily: 30d, pitr: 7d }`,
  *find(facts) {
    for (const [policy] of facts.written.entries('policies')) {
      const pitr = facts.written.durationMs(['policies', policy, 'keep', 'pitr']);
      const longest = keepWindows(facts.written, policy).at(-1);
      if (pitr === undefined || longest === undefined || longest.ms >= pitr) continue;
      yield {
        path: ['policies', policy, 'keep', 'pitr'],
        message: `the log is kept for ${sentenceDuration(pitr)}, but no base backup is older than ${sentenceDuration(longest.ms)} (${longest.name})`,
        hint: `Keep base backups for at least ${sentenceDuration(pitr)}.`,
      };
    }
  },
};

export const noticedTooLate: Rule = {
  code: 'keeping.noticed_too_late',
  severity: 'error',
  title: 'Damage is noticed after the last good point has been deleted',
  why: `Corruption that nobody looks for travels into every new backup. If the copies are checked once a quarter and the oldest point is a month old, then at
the time of the finding every point may hold the damage.`,
  bad: `policies: { files: { every: 1d, keep: { daily: 30d }, verify: { every: quarterly } } }`,
  good: `policies: { files: { every: 1d, keep: { daily: 30d }, verify: { every: 1d } } }`,
  *find(facts) {
    for (const policy of facts.plan.policies.values()) {
      const kept = keepMs(facts.written, policy.name);
      const looked = lookedAt(facts, policy.name);
      if (kept === undefined || looked === undefined || looked.ms < kept) continue;
      yield {
        path: facts.written.nearest('policies', policy.name, 'keep'),
        message: `${looked.what} looks every ${sentenceDuration(looked.ms)}, but the oldest point of ${policy.name} is ${sentenceDuration(kept)} old: every point can hold the damage by then`,
        hint: 'Look more often than the oldest point lives, or keep some points longer.',
      };
    }
  },
};

/** The most frequent look at what a policy's points hold; undefined when the plan names none. */
function lookedAt(facts: Facts, policy: string): { what: string; ms: number } | undefined {
  const assets = [...facts.plan.assets.values()].filter((asset) => asset.policy === policy).map(({ name }) => name);
  const verify = rhythmOf(facts.calendars(['policies', policy, 'verify', 'every']));
  const looks = verify === undefined ? [] : [{ what: `the verification of ${policy}`, ms: verify.longestGapMs }];
  for (const drill of facts.plan.drills.values()) {
    const restored = drill.scenario === undefined ? [drill.restore ?? ''] : restoredBy(facts, drill.scenario);
    const rhythm = rhythmOf(drill.every);
    if (rhythm !== undefined && assets.some((asset) => restored.includes(asset)))
      looks.push({ what: `the drill ${drill.name}`, ms: rhythm.longestGapMs });
  }
  return looks.toSorted((a, b) => a.ms - b.ms)[0];
}

const restoredBy = (facts: Facts, scenario: string): string[] =>
  facts.procedures
    .of(scenario)
    ?.acts.flatMap(({ kind, what }) => (kind === 'restores' ? [what.replace('asset:', '')] : [])) ?? [];
