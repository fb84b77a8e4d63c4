import type { Draft } from '../draft.ts';
import { readCadence } from '../words/cadence.ts';
import { readLength } from '../words/durations.ts';
import type { World } from '../world.ts';
import { isMap, list, mapping, scalar, type PlanNode } from '../write/node.ts';
import { placePolicies, type StatedPlace } from './place-policies.ts';
import { short } from './steps.ts';
import { subjectOf, type Subject } from './subjects.ts';

/** Gathers policies, one for each subject, and gives them to the assets in the end. */
export class PolicyWriter {
  readonly #draft: Draft;
  readonly #world: World;
  readonly #policies = new Map<Subject, Map<string, PlanNode>>();
  readonly #places: StatedPlace[] = [];

  constructor(draft: Draft, world: World) {
    this.#draft = draft;
    this.#world = world;
  }

  every(subject: Subject, text: string, line: number): void {
    const cadence = readCadence(text);
    if (cadence === undefined) return;
    const policy = this.#policy(subject);
    if (policy.has('every'))
      return this.#draft.guessed(line, `${subject}: another rhythm is stated here, ${cadence.words}: the first counts`);
    policy.set('every', scalar(cadence.words, line, cadence.guess));
    if (cadence.guess === undefined) this.#draft.understood(line, `${subject}: copies are taken ${cadence.words}`);
    else this.#draft.guessed(line, `${subject}: copies are taken ${cadence.words} (${cadence.guess})`);
  }

  /** `30 days in S3, 90 days in Glacier`, `7 days of WAL files`, `30 days`. */
  keepAs(subject: Subject, text: string, line: number): void {
    const parts = text.split(/,|;|\band\b|\bthen\b/i);
    const first = readLength(parts[0] ?? '');
    if (/\bwal\b|point[- ]in[- ]time/i.test(text) && first !== undefined) {
      this.#keep('postgres').set('pitr', scalar(first.words, line));
      return this.#draft.understood(line, `the log is kept ${first.words}`);
    }
    if (first === undefined) {
      if (/indefinite|forever|unlimited/i.test(text)) this.#keep(subject).set('forever', scalar(true, line));
      return;
    }
    this.#keep(subject).set('all', scalar(first.words, line));
    for (const part of parts.slice(1)) {
      const tier = /glacier|archive|cold|infrequent/i.exec(part)?.[0]?.toLowerCase();
      const length = readLength(part);
      if (tier === undefined || length === undefined) continue;
      this.#keep(subject).set(
        'tiers',
        list([mapping({ after: scalar(first.words), class: scalar(tier), for: scalar(length.words) }, line)], line),
      );
    }
    this.#draft.understood(line, `${subject}: kept ${text}`);
  }

  /** `Weekly: retained for 90 days (every Sunday)` */
  window(subject: Subject, key: string, text: string, line: number): void {
    const length = readLength(text.replace(/\(.*\)/, ''));
    if (length === undefined) return;
    const name = /^annual/i.test(key) ? 'yearly' : key.toLowerCase();
    const day = /\b(sunday|monday|tuesday|wednesday|thursday|friday|saturday)\b/i.exec(text)?.[1]?.toLowerCase();
    const ofMonth = /\b(first|1st)\b/i.test(text) && name === 'monthly' ? 1 : undefined;
    const chosen = name === 'weekly' ? day : ofMonth;
    const node =
      chosen === undefined
        ? scalar(length.words, line)
        : mapping({ day: scalar(chosen), for: scalar(length.words, line) }, line);
    this.#keep(subject).set(name, node);
    this.#draft.understood(line, `${subject}: ${name} copies are kept ${length.words}`);
  }

  log(text: string, line: number): void {
    const cadence = readCadence(text);
    const policy = this.#policy('postgres');
    this.#world.database(line);
    policy.set(
      'stream',
      mapping(
        {
          to: list([]),
          ...(cadence === undefined ? {} : { every: scalar(cadence.words.replace(/^every /, ''), line) }),
        },
        line,
      ),
    );
    this.#draft.understood(
      line,
      `the log of the database is archived${cadence === undefined ? '' : `, ${cadence.words}`}`,
    );
  }

  encryption(text: string, line: number): void {
    for (const store of this.#draft.names('stores')) this.#world.add('stores', store, 'encryption', scalar(text, line));
    this.#draft.guessed(line, `all stores are encrypted so: ${text}`);
  }

  place(subject: Subject, key: string, text: string, line: number): void {
    const url = /s3:\/\/[\w.-]+(\/[\w./{}-]*)?/.exec(text)?.[0];
    const named = /bucket\s+([a-z0-9][\w.{}-]+)/i.exec(text)?.[1];
    const region = /\b[a-z]{2}(?:-gov)?-[a-z]+-\d\b/.exec(text)?.[0];
    const tier = /glacier|archive/i.exec(text)?.[0]?.toLowerCase();
    const after = readLength(text);
    if (url !== undefined || named !== undefined) {
      const store = this.#world.bucket(url ?? (named as string), line, region);
      const prefix = url?.replace(/^s3:\/\/[^/]*\/?/, '') ?? '';
      if (prefix !== '') this.#world.add('stores', store, 'prefix', scalar(prefix, line));
      this.#places.push({ subject, store, second: /^(dr|secondary|offsite|replica)\b/i.test(key), line });
      this.#draft.understood(line, `${key}: copies lie in ${url ?? named}`);
    } else if (tier !== undefined && after !== undefined) {
      this.#keep('backups').set(
        'tiers',
        list([mapping({ after: scalar(after.words, line), class: scalar(tier) }, line)], line),
      );
      this.#draft.understood(line, `${key}: copies move to ${tier} after ${after.words}`);
    }
  }

  exclude(title: string, reason: string, line: number): void {
    const provider = /\b(?:via|by|in)\s+([A-Z][\w ]+)/.exec(reason)?.[1]?.trim();
    this.#draft.declare(
      'assets',
      title,
      mapping(
        { excluded: scalar(reason, line), ...(provider === undefined ? {} : { provider: scalar(provider) }) },
        line,
      ),
    );
    this.#draft.understood(line, `${title} is left out: ${reason}`);
  }

  /** One thing in a table or list: `Helm values | Git repository | On change`. */
  thing(title: string, { place, often, kept }: { place: string; often: string; kept: string }, line: number): void {
    const subject = subjectOf(`${title} ${place}`);
    if (title === '' || subject === undefined || subject === 'backups') return;
    const asset = this.#assetOf(subject, title, place, line);
    const policy = this.#policyOfThing(subject, asset);
    if (/on change|version controlled|every commit/i.test(`${often} ${kept}`) && subject === 'git')
      policy.set('on', scalar('change', line));
    else if (/on change/i.test(often)) policy.set('on', scalar('change', line));
    const cadence = readCadence(often);
    if (cadence !== undefined && !policy.has('every')) policy.set('every', scalar(cadence.words, line, cadence.guess));
    const length = readLength(kept);
    const keep = isMap(policy.get('keep'))
      ? (policy.get('keep') as { entries: Map<string, PlanNode> }).entries
      : new Map<string, PlanNode>();
    if (length !== undefined) keep.set('all', scalar(length.words, line));
    else if (/indefinite|forever/i.test(kept)) keep.set('forever', scalar(true, line));
    if (keep.size > 0) policy.set('keep', { entries: keep });
    if (/\bwal\b/i.test(often))
      policy.set(
        'stream',
        mapping({ to: list([]), ...(/optional/i.test(often) ? { optional: scalar(true) } : {}) }, line),
      );
    this.#draft.understood(
      line,
      `${short(title)} is the asset ${asset}${cadence === undefined ? '' : `, taken ${cadence.words}`}`,
    );
  }

  #assetOf(subject: Subject, title: string, place: string, line: number): string {
    const provider: Record<string, PlanNode> = place === '' ? {} : { provider: scalar(place, line) };
    if (subject === 'postgres') return this.#world.database(line);
    if (subject === 'kubernetes') return this.#world.asset('kubernetes', 'kubernetes_resources', line);
    if (subject === 'sqlite')
      return (
        this.#draft.names('assets').find((name) => name.endsWith('_sqlite')) ??
        this.#world.sqlite('[path of the file]', line)
      );
    if (subject === 'dns') return this.#world.asset('dns', title, line, { zone: scalar('[the zone]'), ...provider });
    if (subject === 'images')
      return this.#world.asset('images', title, line, { registry: scalar(place === '' ? '[the registry]' : place) });
    return this.#world.asset(subject, title, line, subject === 'git' ? {} : provider);
  }

  #policyOfThing(subject: Subject, asset: string): Map<string, PlanNode> {
    if (['postgres', 'kubernetes', 'volume', 'sqlite'].includes(subject)) return this.#policy(subject);
    const name = `of_${asset}`;
    const known = this.#draft.section('policies').get(name);
    if (isMap(known)) return known.entries;
    const made = mapping({});
    this.#draft.section('policies').set(name, made);
    this.#world.add('assets', asset, 'policy', scalar(name));
    return made.entries;
  }

  #policy(subject: Subject): Map<string, PlanNode> {
    const known = this.#policies.get(subject) ?? new Map<string, PlanNode>();
    this.#policies.set(subject, known);
    return known;
  }

  #keep(subject: Subject): Map<string, PlanNode> {
    const policy = this.#policy(subject);
    const known = policy.get('keep');
    if (isMap(known)) return known.entries;
    const made = mapping({});
    policy.set('keep', made);
    return made.entries;
  }

  /** To be called when all assets are known. */
  finish(): void {
    placePolicies(this.#policies, this.#places, this.#draft, this.#world);
  }
}
