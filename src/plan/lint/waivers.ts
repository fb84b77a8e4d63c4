import type { Finding } from '../model.ts';
import type { Facts } from './facts/facts.ts';
import type { Found, Rule } from './rule.ts';

interface Waiver {
  readonly index: number;
  readonly rule: string;
  /** The path of the plan that it covers with all below; undefined: everywhere. */
  readonly at: string | undefined;
  readonly untilMs: number | undefined;
}

/** What is known and accepted is left out; a waiver whose day has passed waives nothing. */
export function applyWaivers(facts: Facts, findings: readonly Finding[]): Finding[] {
  const waivers = waiversOf(facts).filter((waiver) => !isExpired(waiver, facts.nowMs));
  return findings.filter((finding) => !waivers.some((waiver) => covers(waiver, finding)));
}

/** What is wrong with the waivers themselves; this cannot be waived. `findings` are those before any was left out. */
export function judgeWaivers(
  facts: Facts,
  findings: readonly Finding[],
  rules: readonly { readonly code: string }[],
  isOurs: (rule: string) => boolean,
): (Found & { code: string })[] {
  const ours = waiversOf(facts).filter(({ rule }) => isOurs(rule));
  return ours.flatMap((waiver): (Found & { code: string })[] => {
    const path = ['waivers', waiver.index];
    if (!rules.some(({ code }) => code === waiver.rule)) {
      const message = `the waiver names ${waiver.rule}, which is no rule`;
      return [{ code: 'waiver.unused', path, message, hint: 'Copy the code from the finding.' }];
    }
    if (isExpired(waiver, facts.nowMs)) {
      const message = `the waiver of ${waiver.rule} has expired: what it accepted counts again`;
      return [
        {
          code: 'waiver.expired',
          path,
          message,
          hint: 'Mend what it accepted, or decide again and give it a new day.',
        },
      ];
    }
    if (findings.some((finding) => covers(waiver, finding))) return [];
    const where = waiver.at === undefined ? '' : ` at ${waiver.at}`;
    const message = `the waiver of ${waiver.rule}${where} accepts nothing: no such finding is there any more`;
    return [{ code: 'waiver.unused', path, message, hint: 'Take the waiver out.' }];
  });
}

const dayMs = 86_400_000;

function waiversOf({ written }: Facts): Waiver[] {
  return written.list(['waivers']).map((_, index) => {
    const until = Date.parse(`${written.text(['waivers', index, 'until']) ?? ''}T00:00:00Z`);
    return {
      index,
      rule: written.text(['waivers', index, 'rule']) ?? '',
      at: written.text(['waivers', index, 'at']),
      untilMs: Number.isNaN(until) ? undefined : until + dayMs,
    };
  });
}

const isExpired = ({ untilMs }: Waiver, nowMs: number): boolean => untilMs !== undefined && nowMs >= untilMs;

function covers({ rule, at }: Waiver, { code, path }: Finding): boolean {
  if (code !== rule) return false;
  const place = at ?? '';
  return place === '' || path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}

const why = `A waiver says: we know, we accept it, for this reason, until this day. It is part of the plan, so that everybody sees it. One that
has expired, or that accepts what is not there any more, hides the next defect at the same place.`;

/** The findings about waivers, as rules of their own: for the list of rules and their pages. */
export const waiverRules: readonly Rule[] = [
  {
    code: 'waiver.expired',
    severity: 'warning',
    title: 'A waiver is past its day',
    why,
    bad: `waivers: [{ rule: people.no_backup, at: contacts.lead, why: hiring, until: 2025-01-31 }]`,
    good: `waivers: [{ rule: people.no_backup, at: contacts.lead, why: hiring, until: 2027-01-31 }]`,
    find: () => [],
  },
  {
    code: 'waiver.unused',
    severity: 'warning',
    title: 'A waiver accepts nothing',
    why,
    bad: `waivers: [{ rule: people.no_backup, at: contacts.gone, why: hiring }]`,
    good: `waivers: []`,
    find: () => [],
  },
];
