import type { Draft } from '../draft.ts';
import type { World } from '../world.ts';
import { isMap, list, scalar, texts, type PlanNode } from '../write/node.ts';
import type { Subject } from './subjects.ts';

/** Where the document says that copies lie. */
export interface StatedPlace {
  readonly subject: Subject;
  readonly store: string;
  /** The place that the first one is copied to. */
  readonly second: boolean;
  readonly line: number;
}

type Entries = Map<string, PlanNode>;

/** Gives each policy a name, its assets and its stores; what is said of `backups` goes to every database. */
export function placePolicies(
  policies: ReadonlyMap<Subject, Entries>,
  places: readonly StatedPlace[],
  draft: Draft,
  world: World,
): void {
  const general = policies.get('backups');
  const ofPostgres = policies.get('postgres');
  if (ofPostgres !== undefined && ofPostgres.size > 0) world.database(firstLine(ofPostgres));
  for (const subject of ['postgres', 'sqlite', 'kubernetes', 'volume'] as const) {
    const own = policies.get(subject);
    const isDatabase = subject === 'postgres' || subject === 'sqlite';
    const entries = isDatabase ? merged(general, own) : own;
    const assets = assetsOfType(draft, subject);
    if (entries === undefined || entries.size === 0 || assets.length === 0) continue;
    rhythmOfWindows(entries);
    const name = own === undefined ? 'backups' : `of_${typeOf(draft, assets[0]) ?? subject}`;
    if (!draft.section('policies').has(name)) draft.section('policies').set(name, { entries });
    for (const asset of assets) world.add('assets', asset, 'policy', scalar(name));
    const made = world.storage.map((place) => ({ ...place, subject: 'backups' as const, second: false }));
    const stated = [...places, ...made].filter(
      (place) => place.subject === subject || (isDatabase && place.subject === 'backups'),
    );
    setPlaces(entries, stated, storesOfScripts(draft, name));
  }
  for (const [, policy] of draft.section('policies')) if (isMap(policy)) streamTo(policy.entries, draft);
}

function merged(general: Entries | undefined, own: Entries | undefined): Entries | undefined {
  if (general === undefined || own === undefined) return own ?? general;
  const [generalKeep, ownKeep] = [general.get('keep'), own.get('keep')];
  const keep = new Map([
    ...(isMap(generalKeep) ? generalKeep.entries : []),
    ...(isMap(ownKeep) ? ownKeep.entries : []),
  ]);
  return new Map([...general, ...own, ...(keep.size === 0 ? [] : [['keep', { entries: keep }] as const])]);
}

function typeOf(draft: Draft, asset: string | undefined): string | undefined {
  const declared = draft.section('assets').get(asset ?? '');
  const type = isMap(declared) ? declared.entries.get('type') : undefined;
  return type !== undefined && 'value' in type ? String(type.value) : undefined;
}

/** Assets of a type; `postgres` stands for any database server. */
export const assetsOfType = (draft: Draft, type: string): string[] =>
  [...draft.section('assets')].flatMap(([name, node]) => {
    const own = isMap(node) ? node.entries.get('type') : undefined;
    const is = own !== undefined && 'value' in own ? own.value : undefined;
    return is === type || (type === 'postgres' && is === 'database') ? [name] : [];
  });

/** `Daily: kept 30 days` says that there are daily copies, where nothing else says how often they are taken. */
function rhythmOfWindows(entries: Entries): void {
  const keep = entries.get('keep');
  if (entries.has('every') || entries.has('on') || !isMap(keep)) return;
  const found = (
    [
      ['hourly', 'hourly'],
      ['daily', '1d'],
      ['weekly', 'weekly'],
      ['monthly', 'monthly'],
    ] as const
  ).find(([window]) => keep.entries.has(window));
  const window = keep.entries.get(found?.[0] ?? '');
  if (found !== undefined)
    entries.set('every', scalar(found[1], window?.line, `guessed: there are ${found[0]} copies`));
}

function setPlaces(entries: Entries, stated: readonly StatedPlace[], scripts: readonly string[]): void {
  const first = stated.filter(({ second }) => !second);
  const second = stated.filter((place) => place.second);
  const to = [...new Set([...first.map(({ store }) => store), ...scripts])];
  if (to.length > 0) entries.set('to', texts(to, first[0]?.line) as PlanNode);
  if (second.length === 0 || to.length === 0) return;
  const copies = texts([...new Set(second.map(({ store }) => store))], second[0]?.line) as PlanNode;
  entries.set('copy', { entries: new Map([['to', copies]]), note: 'guessed: the second place is a copy of the first' });
}

/** The stores that the scripts of a policy's assets put their files into. */
function storesOfScripts(draft: Draft, policy: string): string[] {
  return [...draft.section('assets').values()].flatMap((asset) => {
    const named = isMap(asset) ? asset.entries.get('policy') : undefined;
    const artifacts = isMap(asset) ? asset.entries.get('artifacts') : undefined;
    if (named === undefined || !('value' in named) || named.value !== policy || !isMap(artifacts)) return [];
    return [...artifacts.entries.values()].flatMap((artifact) => {
      const store = isMap(artifact) ? artifact.entries.get('store') : undefined;
      return store !== undefined && 'value' in store ? [String(store.value)] : [];
    });
  });
}

/** The log goes where the policy's points go, or where anything goes at all. */
function streamTo(entries: Entries, draft: Draft): void {
  const stream = entries.get('stream');
  if (!isMap(stream)) return;
  const to = entries.get('to');
  const stores = draft
    .names('stores')
    .slice(0, 1)
    .map((store) => scalar(store));
  const own = to !== undefined && 'items' in to && to.items.length > 0 ? list(to.items) : undefined;
  stream.entries.set('to', own ?? list(stores, undefined, 'guessed: the document does not say where'));
}

const firstLine = (entries: Entries): number => {
  for (const node of entries.values()) {
    if (node.line !== undefined) return node.line;
    if (isMap(node)) return firstLine(node.entries);
  }
  return 1;
};
