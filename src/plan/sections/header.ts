import type { z } from 'zod';
import { isTimezone } from '../calendar/calendar.ts';
import { didYouMean } from '../did-you-mean.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { Domain, Objectives, Review, Tool } from '../model.ts';
import { review } from '../schema/people.ts';
import { tool } from '../schema/practice.ts';
import { domainTree, goals, ranks, topKeys } from '../schema/sections.ts';
import { name, objectives, text } from '../schema/words.ts';
import { readOne } from './named.ts';

export interface Header {
  readonly name: string;
  readonly owner: string | undefined;
  readonly timezone: string;
  readonly about: string | undefined;
  readonly version: string | undefined;
  readonly objectives: Objectives;
  readonly ranks: Map<string, Objectives>;
  readonly goals: readonly string[];
  readonly tool: Tool;
  readonly domains: Map<string, Domain>;
  readonly review: Review;
}

const languageVersion = 1;

/** False when the rest of the file cannot be judged: another version of the language. */
export function readVersion(inspection: Inspection): boolean {
  const written = inspection.root['lifeboat'];
  if (written === languageVersion) return true;
  if (written === undefined) {
    inspection.error('plan.no_version', [], 'the plan does not say its version', 'Start it with: lifeboat: 1');
    return true;
  }
  if (typeof written === 'number' && Number.isInteger(written) && written > languageVersion) {
    const message = `the plan is written in version ${written} of the language, this program knows version ${languageVersion}`;
    inspection.error('plan.newer_version', ['lifeboat'], message, 'Use a newer Lifeboat.', 'value');
    return false;
  }
  inspection.error('plan.wrong_value', ['lifeboat'], 'the version is not a known one', 'Write: lifeboat: 1', 'value');
  return false;
}

export function readHeader(inspection: Inspection): Header {
  const { root } = inspection;
  for (const key of Object.keys(root).filter((one) => !(topKeys as readonly string[]).includes(one))) {
    inspection.error('plan.unknown_key', [key], `there is no key "${key}" here`, didYouMean(key, topKeys));
  }
  for (const key of ['plan', 'keys', 'stores', 'assets'].filter((one) => root[one] === undefined)) {
    inspection.error('plan.missing_key', [key], `${key} is missing`, missingHints[key]);
  }
  const timezone = readTimezone(inspection);
  return {
    name: (root['plan'] === undefined ? undefined : inspection.read(name, root['plan'], ['plan'])) ?? '',
    owner: inspection.read(text.optional(), root['owner'], ['owner']),
    timezone,
    about: inspection.read(text.optional(), root['about'], ['about']),
    version: inspection.read(text.optional(), root['version'], ['version']),
    ranks: readRanks(inspection),
    goals: readOne<string[]>(inspection, 'goals', goals, timezone) ?? [],
    tool: readOne<Tool>(inspection, 'tool', tool, timezone) ?? {},
    objectives: objectivesOf(inspection.read(objectives.optional(), root['objectives'], ['objectives'])),
    domains: readDomains(inspection),
    review: readOne<Review>(inspection, 'review', review, timezone) ?? {},
  };
}

function readRanks(inspection: Inspection): Map<string, Objectives> {
  const written = inspection.root['ranks'];
  const read = written === undefined ? {} : inspection.read(ranks, written, ['ranks']);
  return new Map(Object.entries(read ?? {}).map(([rank, one]) => [rank, objectivesOf(one)]));
}

const missingHints: Record<string, string> = {
  plan: 'Give the plan a name: plan: my-shop',
  keys: 'Add keys: { main: { passphrase: { env: LIFEBOAT_PASSPHRASE } } }',
  stores: 'Add stores: { near: { type: fs, path: ./stores/near } }',
  assets: 'Add assets: { documents: { type: files, path: ./documents } }',
};

/** The longer end of a range is the objective; the shorter one is kept beside it. */
export function objectivesOf(read: z.output<typeof objectives> | undefined): Objectives {
  const { rto, rpo, mttr, mtbf } = read ?? {};
  return {
    ...(rto === undefined ? {} : { rtoMs: rto.toMs }),
    ...(rpo === undefined ? {} : { rpoMs: rpo.toMs }),
    ...(rto === undefined || rto.fromMs === rto.toMs ? {} : { rtoFromMs: rto.fromMs }),
    ...(rpo === undefined || rpo.fromMs === rpo.toMs ? {} : { rpoFromMs: rpo.fromMs }),
    ...(mttr === undefined ? {} : { mttrMs: mttr }),
    ...(mtbf === undefined ? {} : { mtbfMs: mtbf }),
  };
}

function readTimezone(inspection: Inspection): string {
  const written = inspection.read(text.optional(), inspection.root['timezone'], ['timezone']) ?? 'UTC';
  if (isTimezone(written)) return written;
  const hint = 'Write a name such as Europe/Berlin, America/New_York or UTC.';
  inspection.error('plan.wrong_value', ['timezone'], `"${written}" is not a time zone`, hint, 'value');
  return 'UTC';
}

/** The tree of failure domains, flat. Without a `domains` section every domain that is used counts as declared. */
function readDomains(inspection: Inspection): Map<string, Domain> {
  const domains = new Map<string, Domain>();
  const written = inspection.root['domains'];
  if (written === undefined || inspection.read(domainTree, written, ['domains']) === undefined) return domains;
  const walk = (tree: Record<string, unknown>, parent: string | undefined, path: readonly string[]): void => {
    for (const [domain, inside] of Object.entries(tree)) {
      const here = [...path, domain];
      if (domains.has(domain))
        inspection.error(
          'plan.duplicate_name',
          here,
          `the domain ${domain} is declared twice`,
          'Give each domain its own name.',
        );
      domains.set(domain, { name: domain, parent });
      if (isMapping(inside)) walk(inside, domain, here);
    }
  };
  walk(written as Record<string, unknown>, undefined, ['domains']);
  return domains;
}
