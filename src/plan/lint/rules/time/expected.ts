import type { Path } from '../../../document.ts';
import type { Facts } from '../../facts/facts.ts';
import { strictest, targetsFor } from '../../facts/targets.ts';
import type { Rule } from '../../rule.ts';
import { sentenceDuration } from '../../words.ts';

export const expectedTooLong: Rule = {
  code: 'time.expected_too_long',
  severity: 'error',
  title: 'A scenario is expected to take longer than it may',
  why: `The plan itself says how long the recovery is expected to take, and promises less. Of "2 to 3 hours" the 3 counts: a promise is kept on bad days too.`,
  bad: `scenarios:
  rows_wrong: { objectives: { rto: 2h }, expected: 2h-3h, … }`,
  good: `scenarios:
  rows_wrong: { objectives: { rto: 3h }, expected: 2h-3h, … }`,
  *find(facts) {
    for (const { scenario, path } of facts.procedures.all) {
      const expected = facts.written.longerMs([...path, 'expected']);
      const target = strictest(targetsFor(facts, scenario, 'rto'));
      if (expected === undefined || target === undefined || expected <= target.ms) continue;
      yield {
        path: [...path, 'expected'],
        message: `${scenario.name} is expected to take up to ${sentenceDuration(expected)}, but ${target.of} promises ${sentenceDuration(target.ms)}`,
        hint: 'Make it faster, or promise what is expected.',
      };
    }
  },
};

export const dnsTtl: Rule = {
  code: 'time.dns_ttl',
  severity: 'warning',
  title: 'Clients keep the old address for longer than the recovery may take',
  why: `After a DNS record was switched, resolvers and clients use the old address until its TTL is over. That time is part of the outage, however quick the
steps were. Records that a recovery switches have a TTL of a minute or two, long before the day.`,
  bad: `services: { shop: { pointers: { dns: { dns: shop.example, ttl: 1h } } } }   # and an RTO of 30m`,
  good: `services: { shop: { pointers: { dns: { dns: shop.example, ttl: 60s } } } }`,
  *find(facts) {
    for (const { scenario, steps, way } of facts.procedures.all) {
      const target = strictest(targetsFor(facts, scenario, 'rto'));
      for (const step of steps.filter((one) => one.step.kind === 'switch')) {
        const ttl = target === undefined ? undefined : ttlOf(facts, step.path);
        if (ttl === undefined || target === undefined || way.ms + ttl.ms <= target.ms) continue;
        const alone = ttl.ms > target.ms;
        yield {
          path: ttl.path,
          message: `${step.id} of ${scenario.name} switches a record with a TTL of ${sentenceDuration(ttl.ms)}${alone ? '' : `, after ${sentenceDuration(way.ms)} of steps`}; the RTO is ${sentenceDuration(target.ms)}`,
          hint: 'Lower the TTL to a minute or two, and keep it there.',
          severity: alone ? 'error' : 'warning',
        };
      }
    }
  },
};

function ttlOf(facts: Facts, step: Path): { ms: number; path: Path } | undefined {
  const service = facts.written.text([...step, 'switch', 'service']) ?? '';
  const pointer = facts.written.text([...step, 'switch', 'pointer']) ?? '';
  const zone = facts.written.text(['services', service, 'pointers', pointer, 'of']) ?? '';
  const places: Path[] = [
    [...step, 'switch', 'ttl'],
    ['services', service, 'pointers', pointer, 'ttl'],
    ['assets', zone, 'ttl'],
  ];
  for (const path of places) {
    const ms = facts.written.durationMs(path);
    if (ms !== undefined) return { ms, path };
  }
  return undefined;
}
