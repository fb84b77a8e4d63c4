import { listed, sentenceDuration } from '../../words.ts';
import type { Rule } from '../../rule.ts';
import { ofPlan, strictest, targetsFor } from '../../facts/targets.ts';

export const rtoBudgets: Rule = {
  code: 'time.rto_budgets',
  severity: 'error',
  title: 'The steps of a scenario take longer than its RTO',
  why: `The budgets of the steps on the longest way through a procedure add up to the least time that it needs; steps at once count as the
slowest of them, people who approve count too. If that is more than the promised time, the promise is broken before anything goes
wrong. Time to notice and to decide comes on top.`,
  bad: `objectives: { rto: 15m }
steps:
  - { restore: orders, budget: 30m }
  - { check: { service: shop }, budget: 10m }`,
  good: `objectives: { rto: 1h }
steps:
  - { restore: orders, budget: 30m }
  - { check: { service: shop }, budget: 10m }`,
  *find(facts) {
    for (const { scenario, path, way } of facts.procedures.all) {
      const target = strictest(targetsFor(facts, scenario, 'rto'));
      if (target === undefined || way.ms <= target.ms) continue;
      const atLeast = way.unbudgeted.length > 0 ? 'at least ' : '';
      yield {
        path: facts.written.nearest(...path, 'objectives', 'rto'),
        message: `${target.of} promises ${sentenceDuration(target.ms)}; the steps of ${scenario.name} take ${atLeast}${sentenceDuration(way.ms)} one after the other (${listed(way.steps)})`,
        hint: 'Do more at once, make the longest step shorter (a warm standby), or promise what is true.',
      };
    }
  },
};

export const rtoLooser: Rule = {
  code: 'time.rto_looser',
  severity: 'warning',
  title: 'A scenario allows itself more time than what it recovers may take',
  why: `A plan or a service promises one time, and a scenario that takes it away another, longer one. People read the first number. Either the
scenario must become faster, or the promise must name the exception.`,
  bad: `objectives: { rto: 6h }
scenarios:
  everything_lost: { objectives: { rto: 8h }, … }`,
  good: `objectives: { rto: 8h }
scenarios:
  everything_lost: { objectives: { rto: 8h }, … }`,
  *find(facts) {
    for (const { scenario, path } of facts.procedures.all) {
      const own = scenario.objectives.rtoMs;
      if (own === undefined) continue;
      const others = targetsFor(facts, scenario, 'rto').filter(({ path: at }) => at[0] !== 'scenarios');
      const target = strictest([...others, ...ofPlan(facts, 'rto')]);
      if (target === undefined || own <= target.ms) continue;
      yield {
        path: [...path, 'objectives', 'rto'],
        message: `${scenario.name} allows ${sentenceDuration(own)}, but ${target.of} promises ${sentenceDuration(target.ms)}`,
        hint: 'Make the scenario faster, or promise the longer time where the shorter one stands.',
      };
    }
  },
};

export const rtoUnknown: Rule = {
  code: 'time.no_target',
  severity: 'warning',
  title: 'A scenario has no target to be held against',
  why: `Without an RTO and an RPO nobody can say whether a rehearsal was good enough, and every other rule about time stays silent.`,
  bad: `scenarios:
  database_lost: { steps: [{ restore: orders }] }   # and no objectives anywhere`,
  good: `objectives: { rto: 1h, rpo: 15m }
scenarios:
  database_lost: { steps: [{ restore: orders }] }`,
  *find(facts) {
    for (const { scenario, path } of facts.procedures.all) {
      const missing = (['rto', 'rpo'] as const).filter((word) => targetsFor(facts, scenario, word).length === 0);
      if (missing.length === 0) continue;
      yield {
        path,
        message: `${scenario.name} has no ${missing.map((word) => word.toUpperCase()).join(' and no ')}: neither its own, nor a service's, nor the plan's`,
        hint: 'Write objectives: { rto, rpo } for the plan, the service or the scenario.',
      };
    }
  },
};
