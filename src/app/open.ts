import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Asset } from '../assets/index.ts';
import {
  isLifeboatError,
  LifeboatError,
  messageOf,
  systemClock,
  systemCodeOf,
  toLifeboatError,
  type Clock,
  type Progress,
} from '../core/index.ts';
import { openJournal, type Journal } from '../journal/index.ts';
import { relativesOf, unknownAsset, type Workspace } from '../operations/index.ts';
import { loadPlan, type Plan } from '../plan/index.ts';
import {
  createRepository,
  holdsRepository,
  joinRepository,
  openRepository,
  type Repository,
  type Unlock,
} from '../repository/index.ts';
import { retrying, type Store, type StoreFact } from '../stores/index.ts';
import { pointCacheIn } from './point-cache.ts';
import { kindOfStore, openStore } from './stores.ts';
import { registry } from './registry.ts';
import { tracesOf } from './traces/index.ts';
import { recipientsOf, unlockOf } from './unlock.ts';
import { toolVersion } from './version.ts';

export { openStore };

export interface OpenOptions {
  readonly planFile: string;
  readonly stateFolder: string;
  /** Read already; default: read from the file. */
  readonly plan?: Plan;
  readonly progress: Progress;
  readonly clock?: Clock;
  /** Put around every store when it is opened; default: bounded retries. Tests put faults there. */
  readonly wrapStore?: (store: Store) => Store;
  /** Stores are read as they were at that moment (milliseconds since 1970), and cannot be written; those that keep no versions refuse. */
  readonly asOfMs?: number;
  /** What opens the stores; default: what the plan's keys name. */
  readonly unlock?: () => Promise<Unlock>;
}

/** A workspace that owns what it opened: close it when done. */
export interface OpenWorkspace extends Workspace {
  /** What was done with it so far: how many records were added, and which stores answered when they were opened. */
  used(): Promise<{ records: number; stores: string[] }>;
  close(): Promise<void>;
}

/** Loads the plan and opens the journal; stores are opened when first asked for. Throws `plan.*`, `journal.*`. */
export async function openWorkspace(options: OpenOptions): Promise<OpenWorkspace> {
  const clock = options.clock ?? systemClock;
  const plan = options.plan ?? (await loadWorkspacePlan(options.planFile));
  const stateFolder = resolve(options.stateFolder);
  await makeStateFolder(stateFolder);
  const host = hostname();
  const traces = await tracesOf(toolVersion());
  const kept = openJournal(join(stateFolder, 'journal.db'), { clock, host });
  const { journal, added } = counted(traces?.around(kept) ?? kept);
  const places = new Map<string, Promise<Store>>();
  const repositories = new Map<string, Promise<Repository>>();
  const wrap = options.wrapStore ?? retriesWith(clock);
  const unlock = options.unlock ?? (() => unlockOf(plan));
  // A store as it was lists what it held then.
  const points = options.asOfMs === undefined ? pointCacheIn(stateFolder) : undefined;
  const place = (store: string): Promise<Store> => {
    return openedOnce(places, store, () => openStore(plan, store, clock, false, options.asOfMs).then(wrap));
  };
  return {
    plan,
    clock,
    journal,
    stateFolder,
    host,
    tool: toolVersion(),
    progress: options.progress,
    asset: (name) => openAsset(plan, name, clock),
    repository: (store) =>
      openedOnce(repositories, store, async () =>
        openRepository(await place(store), await unlock(), clock, { points }),
      ),
    place,
    used: async () => ({ records: added(), stores: await answered(places) }),
    close: async () => {
      await closeAll(journal, places);
      await traces?.flush();
    },
  };
}

/** One opening for all who ask. One that failed is tried anew for who asks later: a stream outlives a store that was away. */
function openedOnce<T>(known: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> {
  const there = known.get(name);
  if (there !== undefined) return there;
  const opened = open();
  known.set(name, opened);
  opened.catch(() => known.delete(name)); // whoever asked hears it
  return opened;
}

function counted(journal: Journal): { journal: Journal; added: () => number } {
  let records = 0;
  const append: Journal['append'] = (...record) => {
    records += 1;
    return journal.append(...record);
  };
  const counting: Journal = {
    append,
    records: (filter) => journal.records(filter),
    last: () => journal.last(),
    rows: (after, most) => journal.rows(after, most),
    remember: (chain, rows) => journal.remember(chain, rows),
    verify: (known) => journal.verify(known),
    close: () => journal.close(),
  };
  return { journal: counting, added: () => records };
}

async function answered(places: Map<string, Promise<Store>>): Promise<string[]> {
  const names = [...places.keys()];
  const settled = await Promise.allSettled(places.values());
  return names.filter((_, position) => settled[position]?.status === 'fulfilled');
}

async function makeStateFolder(path: string): Promise<void> {
  try {
    // Passable, not listable: a PostgreSQL started by root runs as another user, and its data lies below. What is in here keeps its
    // own door shut: the journal and the scratch folders.
    await mkdir(path, { recursive: true, mode: 0o711 });
    await mkdir(join(path, 'locks'), { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = await refusalOf(path, error);
    const { code } = toLifeboatError(reason);
    throw new LifeboatError(
      code === 'internal' ? 'input.file' : code,
      `the folder of state cannot be made: ${messageOf(reason)}`,
      { where: path, hint: 'Name another one: --state. A restore needs nothing of the old one.', cause: error },
    );
  }
}

/** A folder that cannot be made on a read-only file system is reported as one that is missing: what is above it knows better. */
async function refusalOf(path: string, error: unknown): Promise<unknown> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      await access(folder, constants.W_OK);
      return error;
    } catch (reason) {
      if (systemCodeOf(reason) !== 'ENOENT' || folder === dirname(folder)) return reason;
    }
  }
}

/** The plan alone, with the kinds of the registry. Throws `plan.missing`, `plan.invalid`. */
export const loadWorkspacePlan = (planFile: string): Promise<Plan> => loadPlan(resolve(planFile), registry);

export const retriesWith =
  (clock: Clock) =>
  (store: Store): Store =>
    retrying(store, { clock });

/** Makes the repository in a store of the plan, for every key of the plan. Throws `repository.exists`. */
export async function initStore(
  plan: Plan,
  store: string,
  clock: Clock,
  wrapStore = retriesWith(clock),
): Promise<{ id: string; location: string; facts: readonly StoreFact[] }> {
  const recipients = await recipientsOf(plan);
  const { kind, settings, context } = kindOfStore(plan, store, { clock, create: true });
  const facts = (await kind.prepare?.(settings, context)) ?? [];
  const place = wrapStore(await kind.open(settings, { ...context, create: kind.prepare === undefined }));
  try {
    const related = await relatedPlace(plan, store, clock, wrapStore);
    if (related !== undefined) {
      try {
        return { id: await joinRepository(related, place), location: place.location, facts };
      } finally {
        await related.close();
      }
    }
    const { id, location } = await createRepository(place, recipients, clock);
    return { id, location, facts };
  } finally {
    await place.close();
  }
}

/** A store that points of this one are copied to or from and that holds a repository: then this one becomes a store of the same. */
async function relatedPlace(
  plan: Plan,
  store: string,
  clock: Clock,
  wrapStore: (store: Store) => Store,
): Promise<Store | undefined> {
  for (const name of plan.stores.has(store) ? relativesOf(plan, store) : []) {
    try {
      const place = wrapStore(await openStore(plan, name, clock, false));
      if (await holdsRepository(place)) return place;
      await place.close();
    } catch (error) {
      // Not made yet, or away: then it joins this one later, and a copy between two that were made apart is refused.
      if (!isLifeboatError(error, 'store.unreachable')) throw error;
    }
  }
  return undefined;
}

/** Throws `plan.unknown_name`, `plan.not_executable`. */
export function openAsset(plan: Plan, name: string, clock: Clock): Asset {
  const declaration = plan.assets.get(name);
  if (declaration === undefined) throw unknownAsset(plan, name);
  const kind = registry.assets.find(({ type }) => type === declaration.type);
  if (kind === undefined) {
    throw new LifeboatError('plan.not_executable', `assets of type ${declaration.type} cannot be protected yet`, {
      where: name,
    });
  }
  return kind.open(name, declaration.settings, { baseFolder: plan.folder, clock, checkKinds: registry.checks });
}

async function closeAll(journal: Journal, places: Map<string, Promise<Store>>): Promise<void> {
  // A place that never opened has nothing to close; its error was given to whoever asked for it.
  for (const opened of await Promise.allSettled(places.values())) {
    if (opened.status === 'fulfilled') await opened.value.close();
  }
  journal.close();
}
