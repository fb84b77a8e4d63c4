import type { Draft } from './draft.ts';
import { isMap, mapping, scalar, type MapNode, type PlanNode } from './write/node.ts';

/** Things that commands name: each is declared once, when it is first met, and found again under the name it was given. */
export class World {
  readonly #draft: Draft;
  readonly #known = new Map<string, string>();
  /** Buckets that the document makes to hold its copies. */
  readonly storage: { readonly store: string; readonly line: number }[] = [];
  /** Files that rows were taken out into, to bring them in elsewhere. */
  readonly exported = new Set<string>();

  readonly #engine: string | undefined;

  /** `text`: the document, for the kind of database that it names. */
  constructor(draft: Draft, text: string) {
    this.#draft = draft;
    this.#engine = engineIn(text);
  }

  /** The service that a deployment or a unit is. */
  service(title: string, line: number): string {
    const plain = title
      .replace(/^(deploy(ment)?s?|svc|service|statefulsets?|sts|pods?|daemonsets?)(\.apps)?\//, '')
      .replace(/\.service$/, '');
    return this.#met('services', `workload:${plain}`, plain, line, () => mapping({}, line));
  }

  /** The store that a bucket is. */
  bucket(url: string, line: number, region?: string): string {
    const written = url.replace(/^s3:\/\//, '').split('/')[0] ?? '';
    const bucket = this.#sameBucket(written) ?? written;
    const name = this.#met('stores', `bucket:${bucket}`, bucket, line, () =>
      mapping({ type: scalar('s3'), bucket: scalar(bucket, line) }, line),
    );
    const store = this.#draft.section('stores').get(name);
    if (region !== undefined && isMap(store) && !store.entries.has('region')) {
      store.entries.set('region', scalar(region, line));
      store.entries.set('domain', scalar(this.region(region, line)));
    }
    return name;
  }

  /** `backups-{env}` and `backups-prod` are one: the first is how the second is named. */
  #sameBucket(written: string): string | undefined {
    for (const [what] of this.#known) {
      if (!what.startsWith('bucket:')) continue;
      const other = what.slice('bucket:'.length);
      if (other !== written && (fits(other, written) || fits(written, other))) return other;
    }
    return undefined;
  }

  /** The failure domain that a region of a cloud is, inside that cloud. */
  region(region: string, line: number): string {
    const known = this.#known.get(`region:${region}`);
    if (known !== undefined) return known;
    const cloud = /^(us|eu|ap|sa|ca|me|af|il|mx)(-gov)?-[a-z]+-\d$/.test(region) ? 'aws' : 'cloud';
    const domains = this.#draft.section('domains');
    if (!isMap(domains.get(cloud))) domains.set(cloud, mapping({}));
    const inside = (domains.get(cloud) as MapNode).entries;
    const name = region.replaceAll('-', '_');
    inside.set(name, mapping({}, line));
    this.#known.set(`region:${region}`, name);
    this.#draft.guessed(line, `${region} is a failure domain inside ${cloud}: what is there is lost together`);
    return name;
  }

  /**
   * The database that words mean: the one that is known, or else one of the kind that the document names. A document that names no
   * kind leaves it open.
   */
  database(line: number): string {
    const known = this.#known.get('postgres') ?? this.#known.get('database') ?? this.#onlySqlite();
    if (known !== undefined) return known;
    if (this.#engine === 'postgres') return this.postgres(line);
    const engine = scalar(
      this.#engine ?? placeholder('which database'),
      undefined,
      this.#engine === undefined ? 'not in the document' : undefined,
    );
    return this.#met('assets', 'database', 'database', line, () => mapping({ type: scalar('database'), engine }, line));
  }

  #onlySqlite(): string | undefined {
    const found = [...this.#known].filter(([what]) => what.startsWith('sqlite:'));
    return found.length === 1 && this.#engine === undefined ? found[0]?.[1] : undefined;
  }

  /** The PostgreSQL database that commands mean. */
  postgres(line: number, database?: string): string {
    const any = this.#known.get('postgres');
    if (any !== undefined) return any;
    const name = this.#met('assets', 'postgres', database ?? 'postgres', line, () =>
      mapping({ type: scalar('postgres'), url: addressUnknown('DATABASE_URL') }, line),
    );
    return name;
  }

  sqlite(path: string, line: number): string {
    return this.#met(
      'assets',
      `sqlite:${path}`,
      `${
        path
          .split('/')
          .at(-1)
          ?.replace(/\.\w+$/, '') ?? ''
      }_sqlite`,
      line,
      () => mapping({ type: scalar('sqlite'), path: scalar(path, line) }, line),
    );
  }

  files(path: string, line: number): string {
    return this.#met('assets', `files:${path}`, path.split('/').findLast((part) => part !== '') ?? 'files', line, () =>
      mapping({ type: scalar('files'), path: scalar(path, line) }, line),
    );
  }

  /** The files at a path, or the only files that the document names. */
  anyFiles(path: string, line: number): string {
    const found = [...this.#known].filter(([what]) => what.startsWith('files:'));
    return (
      this.#known.get(`files:${path}`) ?? (found.length === 1 ? (found[0]?.[1] as string) : this.files(path, line))
    );
  }

  /** An asset of another type, `kubernetes` or `volume`, one of each. */
  asset(type: string, wanted: string, line: number, settings: Readonly<Record<string, PlanNode>> = {}): string {
    return this.#met('assets', `${type}:${wanted}`, wanted, line, () =>
      mapping({ type: scalar(type), ...settings }, line),
    );
  }

  /** A failure domain by its name. */
  domain(title: string, line: number): string {
    return this.#met('domains', `domain:${title}`, title, line, () => mapping({}, line));
  }

  /** The region that the document calls primary, or else the first one that it names; a domain of its own where it names none. */
  primaryRegion(line: number): string {
    const first = [...this.#known].find(([what]) => what.startsWith('region:'))?.[1];
    return first ?? this.domain('primary_region', line);
  }

  /** All that stands in one cloud. */
  wholeCloud(line: number): string {
    const cloud = [...this.#draft.section('domains')].find(([, node]) => isMap(node) && node.entries.size > 0)?.[0];
    return cloud ?? this.domain('infrastructure', line);
  }

  /** A scenario that the document has named before, by its title. */
  scenario(title: string): string | undefined {
    const wanted = this.#draft.nameFor(title);
    return this.#draft.names('scenarios').find((name) => name === wanted || name.startsWith(`${wanted}_`));
  }

  /** A cluster that commands are pointed at. */
  cluster(title: string, line: number, region?: string): string {
    return this.#met('clusters', `cluster:${title}`, title, line, () =>
      mapping(
        {
          kind: scalar('kubernetes'),
          context: scalar(title, line),
          ...(region === undefined ? {} : { region: scalar(region), domain: scalar(this.region(region, line)) }),
        },
        line,
      ),
    );
  }

  /** The service that a change of address is for, where the document does not say: the first that it names, or one of its own. */
  anyService(line: number): string {
    const [first] = this.#draft
      .names('services')
      .filter((name) => [...this.#known].some(([what, known]) => what.startsWith('workload:') && known === name));
    return first ?? this.service('application', line);
  }

  /** A script, a manifest, a module: something that the recovery reads and somebody keeps. */
  document(path: string, kind: string, line: number): string {
    const title = path.replace(/\/$/, '').split('/').at(-1) ?? path;
    const same = path.startsWith('./') || path.startsWith('/') ? this.#known.get(`script:${title}`) : undefined;
    if (same !== undefined && kind === 'script') return this.#moreOf(same, path, line);
    if (kind === 'script') this.#known.set(`script:${title}`, this.#draft.freeName('documents', title));
    return this.#met('documents', `document:${path.replace(/^\.\//, '')}`, title, line, () =>
      mapping({ kind: scalar(kind), path: scalar(path, line) }, line),
    );
  }

  /** Where the address of something stands, so that a `switch` can turn it. */
  pointer(service: string, name: string, node: PlanNode): void {
    const declared = this.#draft.section('services').get(service);
    if (!isMap(declared)) return;
    const known = declared.entries.get('pointers');
    const pointers = isMap(known) ? known.entries : new Map<string, PlanNode>();
    if (!pointers.has(name)) pointers.set(name, node);
    declared.entries.set('pointers', { entries: pointers });
  }

  /** A script that commands call as `./restore.sh` and the document lists with its whole path is one script. */
  #moreOf(name: string, path: string, line: number): string {
    const declared = this.#draft.section('documents').get(name);
    if (isMap(declared) && path.startsWith('/')) {
      declared.entries.set('path', scalar(path, line));
      this.#draft.guessed(line, `${path} is the script ${name} that the procedures call`);
    }
    return name;
  }

  find(what: string): string | undefined {
    return this.#known.get(what);
  }

  /** Adds to what is declared, without taking anything away. */
  add(section: string, name: string, key: string, node: PlanNode): void {
    const declared = this.#draft.section(section).get(name);
    if (isMap(declared) && !declared.entries.has(key)) declared.entries.set(key, node);
  }

  /** An artifact of an asset: the files that its copies are kept in today. */
  artifact(asset: string, wanted: string, node: PlanNode): void {
    const declared = this.#draft.section('assets').get(asset);
    if (!isMap(declared)) return;
    const known = declared.entries.get('artifacts');
    const artifacts = isMap(known) ? known.entries : new Map<string, PlanNode>();
    let name = wanted;
    for (let number = 2; artifacts.has(name); number += 1) name = `${wanted}_${number}`;
    artifacts.set(name, node);
    declared.entries.set('artifacts', { entries: artifacts });
  }

  #met(section: string, what: string, wanted: string, line: number, make: () => PlanNode): string {
    const known = this.#known.get(what);
    if (known !== undefined) return known;
    const name = this.#draft.declare(section, wanted, make());
    this.#known.set(what, name);
    this.#draft.guessed(line, `${wanted} is one of the ${section}, as ${name}`);
    return name;
  }
}

/** The kind of database that a document names most. */
function engineIn(text: string): string | undefined {
  const engines: readonly (readonly [string, RegExp])[] = [
    ['postgres', /\b(postgres(ql)?|pg_\w+|psql)\b/gi],
    ['mysql', /\b(mysql\w*|mariadb)\b/gi],
    ['mongodb', /\b(mongo(db|dump|restore)?)\b/gi],
    ['sqlserver', /\b(sql server|mssql|sqlcmd)\b/gi],
    ['redis', /\bredis(-cli)?\b/gi],
  ];
  const counted = engines.map(([name, words]) => ({ name, count: text.match(words)?.length ?? 0 }));
  const most = counted.toSorted((a, b) => b.count - a.count)[0];
  return most === undefined || most.count === 0 ? undefined : most.name;
}

/** What the language wants and the document does not say: seen by everybody who reads the plan, and reported by `check`. */
export const placeholder = (what: string): string => `[${what}]`;

/** Whether a name with `{env}` in it can become another. */
const fits = (template: string, bucket: string): boolean =>
  /\{\w+\}|<\w+>|\$\{?\w+\}?/.test(template) &&
  new RegExp(
    `^${template
      .replaceAll(/[.+*?^()|[\]\\]/g, '\\$&')
      .replaceAll(/\{\w+\}|<\w+>|\$\{?\w+\}?/g, '[\\w-]+')
      .replaceAll('$', '')}$`,
  ).test(bucket);

const addressUnknown = (name: string): PlanNode =>
  mapping({
    env: scalar(placeholder(`the variable that holds the address, such as ${name}`), undefined, 'not in the document'),
  });
