import { isTimezone } from '../calendar/calendar.ts';
import { didYouMean } from '../did-you-mean.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import type { Domain, Objectives } from '../model.ts';
import { domainTree, review, topKeys } from '../schema/sections.ts';
import { name, objectives, text } from '../schema/words.ts';

export interface Header {
  readonly name: string;
  readonly owner: string | undefined;
  readonly timezone: string;
  readonly objectives: Objectives;
  readonly domains: Map<string, Domain>;
  readonly review: unknown;
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
  return {
    name: (root['plan'] === undefined ? undefined : inspection.read(name, root['plan'], ['plan'])) ?? '',
    owner: inspection.read(text.optional(), root['owner'], ['owner']),
    timezone: readTimezone(inspection),
    objectives: objectivesOf(inspection.read(objectives.optional(), root['objectives'], ['objectives'])),
    domains: readDomains(inspection),
    review: inspection.read(review.optional(), root['review'], ['review']) === undefined ? undefined : root['review'],
  };
}

const missingHints: Record<string, string> = {
  plan: 'Give the plan a name: plan: my-shop',
  keys: 'Add keys: { main: { passphrase: { env: LIFEBOAT_PASSPHRASE } } }',
  stores: 'Add stores: { near: { type: fs, path: ./stores/near } }',
  assets: 'Add assets: { documents: { type: files, path: ./documents } }',
};

export const objectivesOf = (read: { rto?: number | undefined; rpo?: number | undefined } | undefined): Objectives => ({
  ...(read?.rto === undefined ? {} : { rtoMs: read.rto }),
  ...(read?.rpo === undefined ? {} : { rpoMs: read.rpo }),
});

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
