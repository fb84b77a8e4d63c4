import { formatBytes, type LifeboatError } from '../../core/index.ts';
import type { Finding, StoreDeclaration } from '../../plan/index.ts';
import { openRepository, type Damage, type Point, type Unlock } from '../../repository/index.ts';
import type { LogReach } from '../../reports/index.ts';
import type { Store } from '../../stores/index.ts';
import { unlockOf } from '../unlock.ts';
import { askLogs } from './logs.ts';
import { askKeys, askLocks, askSettings } from './place.ts';
import { isCode, isSilent, type Path, type World } from './world.ts';

/** What one store answered. */
export interface StoreState {
  readonly store: string;
  readonly findings: readonly Finding[];
  /** Oldest first; undefined when it could not be asked, or holds no repository. */
  readonly points: readonly Point[] | undefined;
  readonly freeBytes: number | undefined;
  /** How far the logs of assets lead that are streamed here, by the asset; no entry: nobody knows. */
  readonly reaches?: ReadonlyMap<string, LogReach>;
  /** Of its keys; undefined where they could not be opened. */
  readonly epoch?: { readonly repository: string; readonly epoch: number };
}

/** Opens every store of the plan with the plan's keys, reads its points, and writes nothing. */
export function askStores(world: World): Promise<StoreState[]> {
  let unlock: Promise<Unlock> | undefined;
  // A program that gives the secret may ask a person for it: once is enough.
  const keys = (): Promise<Unlock> => (unlock ??= unlockOf(world.plan));
  return Promise.all([...world.plan.stores.values()].map((store) => askStore(world, store, keys)));
}

type Keys = () => Promise<Unlock>;

async function askStore(world: World, declaration: StoreDeclaration, keys: Keys): Promise<StoreState> {
  const { name, type } = declaration;
  const at: Path = ['stores', name];
  const kind = world.request.registry.stores.find((one) => one.type === type);
  const nothing = { store: name, points: undefined, freeBytes: undefined };
  if (kind === undefined) {
    const message = `${name} was not asked: stores of type ${type} cannot be used yet`;
    return { ...nothing, findings: [world.notAsked(at, message)] };
  }
  const lock = kind.locks === true && declaration.lockMs !== undefined ? { lockMs: declaration.lockMs } : {};
  const context = { baseFolder: world.plan.folder, create: false, clock: world.clock, ...lock };
  const opened = await world.ask(`the store ${name}`, () => kind.open(declaration.settings, context));
  if ('error' in opened) return { ...nothing, findings: [refusal(world, at, name, opened.error)] };
  const store = opened.value;
  try {
    const room = await askRoom(world, at, name, store);
    const listed = await askPoints(world, at, name, store, keys);
    const held = await askKeys(world, at, name, store, keys);
    const settings = await askSettings(world, at, name, store);
    const locks = await askLocks(world, at, declaration, store, listed.points ?? []);
    const findings = [...room.findings, ...listed.findings, ...held.findings, ...settings, ...locks];
    return { ...nothing, ...room, ...listed, ...(held.epoch && { epoch: held.epoch }), findings };
  } finally {
    await store.close();
  }
}

async function askRoom(
  world: World,
  at: Path,
  name: string,
  store: Store,
): Promise<{ freeBytes?: number; findings: Finding[] }> {
  const { room } = store;
  if (room === undefined) {
    const message = `whether ${name} may be written, and how much room it has, cannot be asked of its kind`;
    return { findings: [world.notAsked(at, message)] };
  }
  const answer = await world.ask(`the room in ${name}`, () => room.call(store));
  if (!('error' in answer)) return { freeBytes: answer.value.freeBytes, findings: [] };
  const { error } = answer;
  if (!isCode(error, 'store.denied')) return { findings: [refusal(world, at, name, error)] };
  return { findings: [world.found('live.store_denied', at, `${name}: ${error.message}`, error.hint)] };
}

async function askPoints(
  world: World,
  at: Path,
  name: string,
  place: Store,
  keys: Keys,
): Promise<Pick<StoreState, 'reaches' | 'findings'> & { points?: readonly Point[] }> {
  const { wrapStore = (store) => store } = world.request;
  const answer = await world.ask(`the repository in ${name}`, async (signal) => {
    const repository = await openRepository(wrapStore(place), await keys(), world.clock);
    return { repository, ...(await repository.points({ signal })) };
  });
  if ('error' in answer) return { findings: [refusal(world, at, name, answer.error)] };
  const { repository, points, damage } = answer.value;
  const { reaches, findings } = await askLogs(world, name, repository, points);
  return { points, reaches, findings: [...damage.map((item) => damaged(world, at, name, item)), ...findings] };
}

const damaged = (world: World, at: Path, name: string, { object, what }: Damage): Finding =>
  world.found(
    'live.damage',
    at,
    `${name} holds ${object}, which cannot be read: ${what}`,
    'Find out what suffers: lifeboat verify --all',
  );

function refusal(world: World, at: Path, name: string, error: LifeboatError): Finding {
  if (isSilent(error)) return world.unknown(at, `nothing is known of ${name}: ${error.message}`, error.hint);
  if (isCode(error, 'repository.missing')) {
    return world.found('live.store_empty', at, `${name} holds no repository: ${error.message}`, error.hint);
  }
  if (isCode(error, 'key.wrong', 'key.missing', 'secret.unset')) {
    return world.found('live.key', at, `${name} cannot be opened: ${error.message}`, error.hint);
  }
  if (isCode(error, 'repository.damaged', 'repository.incomplete', 'repository.unreadable', 'repository.version')) {
    return world.found('live.damage', at, `the repository in ${name} cannot be used: ${error.message}`, error.hint);
  }
  return world.found('live.store_unreachable', at, `${name}: ${error.message}`, error.hint);
}

/** Whether one more full point of the largest asset would fit where points of it are kept. */
export function judgeRoom(
  world: World,
  { store, freeBytes, points }: StoreState,
  sizes: ReadonlyMap<string, number>,
): Finding[] {
  if (freeBytes === undefined) return [];
  const largest = [...sizes].toSorted((a, b) => b[1] - a[1])[0];
  if (largest === undefined || freeBytes >= largest[1]) return [];
  const [asset, bytes] = largest;
  const message = `${store} has ${formatBytes(freeBytes)} free, and a full point of ${asset} takes up to ${formatBytes(bytes)}`;
  const hint = 'Make room, or name a larger place: what is known there already is not stored again, the rest is.';
  const severity = points?.some((point) => point.asset === asset) === true ? 'warning' : 'error';
  return [world.found('live.store_room', ['stores', store], message, hint, severity)];
}
