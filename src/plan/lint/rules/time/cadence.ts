import type { Facts } from '../../facts/facts.ts';
import { rhythmOf } from '../../facts/rhythm.ts';
import type { Path } from '../../../document.ts';
import type { Found, Rule } from '../../rule.ts';
import { sentenceDuration } from '../../words.ts';

export const twoCadences: Rule = {
  code: 'time.two_cadences',
  severity: 'warning',
  title: 'One thing is done in two rhythms',
  why: `"Daily backup script" in one chapter and "every 6 hours" in another: one of the two is not true, and the numbers that people promise come from the better
one. If both are meant, they are two things with two names.`,
  bad: `policies: { database: { every: 6h } }
assets: { orders: { policy: database, artifacts: { dump: { every: 1d } } } }`,
  good: `policies: { database: { every: 6h } }
assets: { orders: { policy: database, artifacts: { dump: { file: orders.sql.gz } } } }`,
  *find(facts) {
    for (const [asset] of facts.written.entries('assets')) yield* ofArtifacts(facts, asset);
    yield* ofRestores(facts);
  },
};

function* ofArtifacts(facts: Facts, asset: string): Iterable<Found> {
  const policy = facts.plan.assets.get(asset)?.policy;
  const promised = policy === undefined ? undefined : facts.plan.policies.get(policy);
  const own = promised === undefined ? undefined : rhythmOf(promised.every);
  for (const [name] of facts.written.entries('assets', asset, 'artifacts')) {
    const path: Path = ['assets', asset, 'artifacts', name, 'every'];
    const rhythm = rhythmOf(facts.calendars(path));
    if (
      promised === undefined ||
      own === undefined ||
      rhythm === undefined ||
      !isAnother(rhythm.usualGapMs, own.usualGapMs)
    )
      continue;
    yield {
      path,
      message: `${asset} is backed up every ${sentenceDuration(own.usualGapMs)} by the policy ${promised.name}, but its ${name} is made every ${sentenceDuration(rhythm.usualGapMs)}`,
      hint: 'Say one of them, or give what is made apart a policy of its own.',
    };
  }
}

/** Two ways to say monthly are 28 and 31 days apart; half as often again is another rhythm. */
const isAnother = (oneMs: number, otherMs: number): boolean =>
  Math.max(oneMs, otherMs) >= 1.5 * Math.min(oneMs, otherMs);

interface Restore {
  readonly name: string;
  readonly asset: string;
  readonly path: Path;
  readonly gapMs: number;
  /** What tells it apart from another one: a drill with criteria of its own is a thing of its own. */
  readonly apart: string;
}

/** Restores of one asset that nothing tells apart but how often they are done. */
function* ofRestores(facts: Facts): Iterable<Found> {
  const seen = new Map<string, Restore>();
  for (const restore of [...drilled(facts), ...exercised(facts)]) {
    const key = `${restore.asset} ${restore.apart}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, restore);
    else if (isAnother(other.gapMs, restore.gapMs)) {
      yield {
        path: restore.path,
        message: `restores of ${restore.asset} are tested every ${sentenceDuration(other.gapMs)} (${other.name}) and every ${sentenceDuration(restore.gapMs)} (${restore.name}): are these one thing or two?`,
        hint: 'Keep one rhythm, or make two drills that say what each of them must reach.',
      };
    }
  }
}

function* drilled(facts: Facts): Iterable<Restore> {
  for (const drill of facts.plan.drills.values()) {
    const rhythm = rhythmOf(drill.every);
    if (drill.restore === undefined || rhythm === undefined) continue;
    const apart = Object.keys(drill.expect).length === 0 ? '' : drill.name;
    yield { name: drill.name, asset: drill.restore, path: ['drills', drill.name], gapMs: rhythm.usualGapMs, apart };
  }
}

function* exercised(facts: Facts): Iterable<Restore> {
  for (const [name, written] of facts.written.entries('exercises')) {
    const rhythm = rhythmOf(facts.calendars(['exercises', name, 'every']));
    if (written['kind'] !== 'restore' || rhythm === undefined) continue;
    const apart = written['success'] === undefined ? '' : name;
    for (const asset of facts.written.texts(['exercises', name, 'of'])) {
      yield { name, asset, path: ['exercises', name], gapMs: rhythm.usualGapMs, apart };
    }
  }
}

export const criteriaClash: Rule = {
  code: 'time.criteria_clash',
  severity: 'error',
  title: 'Criteria of a drill cannot be met together',
  why: `A drill that allows an hour of loss and demands that nothing is lost can only be passed by luck: with points every six hours, something is lost whenever
somebody writes. Two criteria, one truth: decide which.`,
  bad: `policies: { database: { every: 6h } }
drills: { monthly: { scenario: lost, expect: { rpo: 1h, lost: 0 } } }`,
  good: `policies: { database: { every: 1d, stream: { to: [near] } } }
drills: { monthly: { scenario: lost, expect: { rpo: 1m, lost: 0 } } }`,
  *find(facts) {
    for (const drill of facts.plan.drills.values()) {
      if (drill.expect.lost !== 0) continue;
      const restored =
        drill.scenario === undefined ? restoredBy(facts, drill.restore ?? '') : lostIn(facts, drill.scenario);
      const worst = restored
        .flatMap((asset) => facts.freshness.best(asset) ?? [])
        .toSorted((a, b) => b.worstMs - a.worstMs)[0];
      if (worst === undefined || worst.how === 'stream' || worst.how === 'sync' || worst.worstMs <= 60_000) continue;
      const allows =
        drill.expect.rpoMs === undefined ? '' : ` allows a loss of ${sentenceDuration(drill.expect.rpoMs)} and`;
      const age = Number.isFinite(worst.worstMs)
        ? `the newest point can be ${sentenceDuration(worst.worstMs)} old`
        : 'nothing takes points on a schedule';
      yield {
        path: ['drills', drill.name, 'expect', 'lost'],
        message: `${drill.name}${allows} demands that nothing is lost, but ${age}`,
        hint: 'Leave lost: 0 out, or stream the log.',
      };
    }
  },
};

/** `random` may be any asset. */
const restoredBy = (facts: Facts, restore: string): readonly string[] =>
  restore === 'random' ? [...facts.plan.assets.keys()] : [restore];

/** What a scenario loses or restores; when it does not say, it is about everything. */
function lostIn(facts: Facts, name: string): readonly string[] {
  const procedure = facts.procedures.of(name);
  if (procedure === undefined) return [];
  const restored = procedure.acts.flatMap(({ kind, what }) => (kind === 'restores' ? [what.replace(/^\w+:/, '')] : []));
  const lost = [...facts.domains.assetsLostBy(procedure.scenario), ...restored];
  return lost.length > 0 ? lost : [...facts.plan.assets.keys()];
}

export const drillTooLong: Rule = {
  code: 'time.drill_too_long',
  severity: 'error',
  title: 'A drill that goes as planned still misses its target',
  why: `A drill plans 30 minutes for the restore alone and must show recovery in 15. It can only fail, or be called passed without being measured.`,
  bad: `drills:
  monthly:
    expect: { rto: 15m }
    stages: [{ name: restore, budget: 30m }, { name: deploy, budget: 20m }]`,
  good: `drills:
  monthly:
    expect: { rto: 1h }
    stages: [{ name: restore, budget: 30m }, { name: deploy, budget: 20m }]`,
  *find(facts) {
    for (const drill of facts.plan.drills.values()) yield* judgeDrill(facts, drill.name, drill.expect.rtoMs);
  },
};

function* judgeDrill(facts: Facts, drill: string, rtoMs: number | undefined): Iterable<Found> {
  const path: Path = ['drills', drill, 'stages'];
  const budgets = facts.written.list(path).map((_, index) => facts.written.durationMs([...path, index, 'budget']) ?? 0);
  const total = budgets.reduce((sum, ms) => sum + ms, 0);
  const planned = facts.written.longerMs(['drills', drill, 'budget']);
  const longest = Math.max(0, ...budgets);
  if (planned !== undefined && total > planned) {
    yield {
      path: ['drills', drill, 'budget'],
      message: `${drill} is planned for ${sentenceDuration(planned)}, but its stages add up to ${sentenceDuration(total)}`,
      hint: 'Plan the time that the stages need.',
    };
  }
  if (rtoMs === undefined || longest <= rtoMs) return;
  const name = facts.written.text([...path, budgets.indexOf(longest), 'name']) ?? 'one stage';
  yield {
    path: ['drills', drill, 'expect', 'rto'],
    message: `${drill} must recover in ${sentenceDuration(rtoMs)}, but ${name} alone is planned for ${sentenceDuration(longest)} of ${sentenceDuration(total)}`,
    hint: 'Expect what the stages can reach, or make them faster.',
  };
}
