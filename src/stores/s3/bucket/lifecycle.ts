import { allAt, textAt, type Xml, type XmlTree } from '../transport/xml.ts';

/** Rules of ours, known by their names. */
export const ownRules = { uploads: 'lifeboat-unfinished-uploads', versions: 'lifeboat-old-versions' } as const;

export interface Rule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  /** Further conditions (tags, sizes): the rule is about some of the objects. */
  readonly narrowed: boolean;
  readonly expiresAfter: string | undefined;
  readonly movesTo: readonly string[];
  readonly oldVersionsDays: number | undefined;
  readonly abortsUploads: boolean;
}

export function ruleOf(xml: Xml): Rule {
  const filter = allAt(xml, 'Filter')[0];
  const both = allAt(filter, 'And')[0];
  const days = textAt(xml, 'NoncurrentVersionExpiration', 'NoncurrentDays');
  const moves = [...allAt(xml, 'Transition'), ...allAt(xml, 'NoncurrentVersionTransition')];
  return {
    id: textAt(xml, 'ID') ?? 'without a name',
    enabled: textAt(xml, 'Status') === 'Enabled',
    prefix: textAt(xml, 'Prefix') ?? textAt(filter, 'Prefix') ?? textAt(both, 'Prefix') ?? '',
    narrowed: both !== undefined || allAt(filter, 'Tag').length > 0,
    expiresAfter: textAt(xml, 'Expiration', 'Days') ?? textAt(xml, 'Expiration', 'Date'),
    movesTo: moves.map((one) => textAt(one, 'StorageClass') ?? 'another class'),
    oldVersionsDays: days === undefined ? undefined : Number(days),
    abortsUploads: allAt(xml, 'AbortIncompleteMultipartUpload').length > 0,
  };
}

/** Classes whose objects can be read at once. */
const readable = new Set([
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'REDUCED_REDUNDANCY',
]);

/** What a rule does to live objects of ours: nothing, or a sentence. */
export function harmOf(rule: Rule, prefix: string): string | undefined {
  const touches = rule.prefix.startsWith(prefix) || prefix.startsWith(rule.prefix);
  if (!rule.enabled || !touches) return undefined;
  if (rule.expiresAfter !== undefined)
    return `the rule "${rule.id}" deletes live objects after ${daysOf(rule.expiresAfter)}`;
  const cold = rule.movesTo.find((one) => !readable.has(one));
  return cold === undefined
    ? undefined
    : `the rule "${rule.id}" moves live objects to ${cold}, which must thaw before a restore`;
}

const daysOf = (words: string): string => (/^\d+$/.test(words) ? `${words} days` : `${words.slice(0, 10)}`);

/** The two rules of ours, or those of them that are missing. They are about uploads and versions that nobody sees. */
export function rulesToAdd(found: readonly Rule[], prefix: string, versionsDays: number | undefined): XmlTree[] {
  const Filter = { Prefix: prefix };
  const covers = (rule: Rule): boolean => rule.enabled && !rule.narrowed && prefix.startsWith(rule.prefix);
  const rules: XmlTree[] = [];
  if (!found.some((rule) => covers(rule) && rule.abortsUploads)) {
    rules.push({
      ID: ownRules.uploads,
      Filter,
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    });
  }
  if (versionsDays !== undefined && !found.some((rule) => covers(rule) && rule.oldVersionsDays !== undefined)) {
    rules.push({
      ID: ownRules.versions,
      Filter,
      Status: 'Enabled',
      // What a deletion leaves behind goes when no version is under it any more.
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: versionsDays },
    });
  }
  return rules;
}
