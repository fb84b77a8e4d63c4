import type { DrillDeclaration, Plan, Scenario } from '../plan/index.ts';
import { deciders, flatSteps, peopleNamed } from '../procedures/index.ts';
import type { Choices } from './choices.ts';

/** What becomes of a procedure when people cannot be reached: who stands in for them, and where nobody does. */
export interface Absence {
  readonly absent: readonly string[];
  /** `step consent: duty instead of lead` */
  readonly steppedOver: readonly string[];
  /** Where nobody is left; each is a finding. */
  readonly nobody: readonly string[];
}

type People = Pick<Plan, 'contacts' | 'channels' | 'severities' | 'escalate' | 'keys'>;

/**
 * Whoever is asked, called, told or holds a share in a scenario while some contacts are absent, judged by the very rule by which a step takes the
 * word of a person. Pure.
 */
export function absenceOf(plan: People, scenario: Scenario, absent: readonly string[]): Absence {
  const roster = rosterWithout(plan, absent);
  const found = [
    ...asked(plan, roster, scenario),
    ...called(plan, roster, scenario),
    ...told(plan, roster, scenario),
    ...holding(plan, roster),
  ];
  return {
    absent,
    steppedOver: found.flatMap(({ words, isLeft }) => (isLeft ? [words] : [])),
    nobody: found.flatMap(({ words, isLeft }) => (isLeft ? [] : [words])),
  };
}

/** The contacts who are absent: those that the drill names, or one of those whose word its procedure may need. */
export function absentIn(
  plan: People,
  { absent = [] }: Pick<DrillDeclaration, 'absent'>,
  scenario: Scenario,
  { pick }: Choices,
): readonly string[] {
  if (absent !== 'random') return absent;
  const named = flatSteps(scenario).flatMap(({ settings }) => peopleNamed(settings));
  const rungs = escalationOf(plan, scenario).map(({ role }) => role);
  const needed = deciders(plan, [...named, ...rungs, 'nobody is named so']);
  const one = pick('absent', needed.length > 0 ? needed : [...plan.contacts.keys()]);
  return one === undefined ? [] : [one];
}

/** The plan as it is while they are away. */
export const rosterWithout = <P extends Pick<Plan, 'contacts'>>(plan: P, absent: readonly string[]): P => ({
  ...plan,
  contacts: new Map([...plan.contacts].filter(([name]) => !absent.includes(name))),
});

interface Found {
  readonly words: string;
  readonly isLeft: boolean;
}

/** Steps that ask people. Whoever starts the run consents to none of it, so that an approval takes one person more. */
function asked(plan: People, roster: People, scenario: Scenario): Found[] {
  return flatSteps(scenario).flatMap(({ id, kind, settings }): Found[] => {
    const by = peopleNamed(settings);
    if (by.length === 0) return [];
    const { missing, order } = inOrder(plan, roster, by);
    if (missing.length === 0) return [];
    const count = countOf(settings);
    const isLeft =
      kind === 'approve'
        ? [...roster.contacts.keys()].some((starter) => deciders(roster, by, starter).length >= count)
        : order.length >= count;
    if (isLeft) return [{ isLeft, words: `step ${id}: ${order.join(', ')} instead of ${missing.join(', ')}` }];
    const who = `step ${id}: ${count} of ${by.join(', ')} must answer, and without ${missing.join(', ')} nobody else may`;
    return [{ isLeft, words: `${who}${standIns(plan, missing)}` }];
  });
}

/** That somebody is the backup of a contact gives them no say; it is told where that would have helped. */
function standIns({ contacts }: People, missing: readonly string[]): string {
  const backups = missing.flatMap((name) => contacts.get(name)?.backup ?? []).filter((name) => !missing.includes(name));
  return backups.length === 0 ? '' : ` (${[...new Set(backups)].join(', ')} stands in, and is not named in \`by\`)`;
}

/** The rungs of the escalation: one that nobody stands on is stepped over, as long as there is a higher one. */
function called(plan: People, roster: People, scenario: Scenario): Found[] {
  const rungs = escalationOf(plan, scenario);
  const standing = rungs.map(({ role }) => deciders(roster, [role]));
  return rungs.flatMap(({ role }, at): Found[] => {
    const { missing, order } = inOrder(plan, roster, [role]);
    if (missing.length === 0) return [];
    if (order.length > 0)
      return [{ isLeft: true, words: `escalation: ${order.join(', ')} instead of ${missing.join(', ')}` }];
    const higher = standing.findIndex((people, rung) => rung > at && people.length > 0);
    const next = rungs[higher];
    if (next === undefined)
      return [{ isLeft: false, words: `escalation: behind ${role} (${missing.join(', ')}) nobody is called` }];
    return [
      {
        isLeft: true,
        words: `escalation: ${role} has nobody, ${next.role} is called (${standing[higher]?.join(', ')})`,
      },
    ];
  });
}

/** Channels that reach named people: one that reaches nobody is stood in for by another that is told too. */
function told(plan: People, roster: People, scenario: Scenario): Found[] {
  const steps = flatSteps(scenario).flatMap(({ kind, settings }) => (kind === 'notify' ? channelOf(settings) : []));
  const all = new Set([...steps, ...(plan.severities.get(scenario.severity ?? '')?.notify ?? [])]);
  return [...all].flatMap((name): Found[] => {
    const to = readersOf(plan, name);
    const missing = to.filter((one) => !roster.contacts.has(one));
    if (missing.length === 0) return [];
    const order = to.filter((one) => !missing.includes(one));
    if (order.length > 0) return [{ isLeft: true, words: `channel ${name}: read by ${order.join(', ')}` }];
    const others = [...all].filter((one) => one !== name && isRead(plan, roster, one));
    const words = `channel ${name}: ${missing.join(', ')} alone read it`;
    return [
      { isLeft: others.length > 0, words: others.length > 0 ? `${words}; ${others.join(', ')} is told too` : words },
    ];
  });
}

/** Keys in shares: so many holders must be there. */
function holding(plan: People, roster: People): Found[] {
  return [...plan.keys.values()].flatMap(({ name, shares }): Found[] => {
    const { holders = [], needed = 0 } = shares ?? {};
    const isKnown = (holder: string): boolean => deciders(plan, [holder]).length > 0;
    const isGone = (holder: string): boolean => isKnown(holder) && deciders(roster, [holder]).length === 0;
    const gone = holders.filter(isGone);
    if (gone.length === 0) return [];
    const left = holders.length - gone.length;
    const words = `key ${name}: ${left} of ${holders.length} holders are left, ${needed} are needed`;
    return [{ isLeft: left >= needed, words }];
  });
}

/** Who is missing of those that are meant, and who is left of them. */
function inOrder(plan: People, roster: People, by: readonly string[]): { missing: string[]; order: string[] } {
  const order = deciders(roster, by);
  return { missing: deciders(plan, by).filter((name) => !order.includes(name)), order };
}

const escalationOf = (plan: People, { severity }: Scenario): Plan['escalate'] =>
  plan.severities.get(severity ?? '')?.escalate ?? plan.escalate;

const countOf = (settings: unknown): number =>
  typeof settings === 'object' && settings !== null && 'count' in settings ? Number(settings.count) : 1;

const channelOf = (settings: unknown): string[] =>
  typeof settings === 'object' && settings !== null && 'channel' in settings ? [String(settings.channel)] : [];

/** By somebody who is there, or by people that the plan does not name. */
const isRead = (plan: People, roster: People, channel: string): boolean => {
  const readers = readersOf(plan, channel);
  return readers.length === 0 || readers.some((one) => roster.contacts.has(one));
};

function readersOf({ channels, contacts }: People, name: string): string[] {
  const to: unknown = channels.get(name)?.['to'];
  return Array.isArray(to) ? to.map(String).filter((one) => contacts.has(one)) : [];
}
