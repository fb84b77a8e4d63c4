import { isLifeboatError, LifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { alreadyThere, isVacant, readHeaders } from '../format/headers.ts';
import { encodePlain, readTwins } from '../format/twins.ts';
import { decodeKeyObject } from '../keys/keys.ts';
import { copyOf, headerName, keyName, objectOfName } from '../names.ts';
import { putKept } from '../put-kept.ts';

/**
 * The repository that both stores belong to. A target that holds nothing becomes a store of it, unless this is only `dry`: keys first,
 * header last and only if there is none. Keys that came to the source since are brought along.
 * Throws `repository.missing` (no source), `repository.foreign`, `repository.damaged`.
 */
export async function requireSameRepository(
  source: Store,
  target: Store,
  dry: boolean,
): Promise<{ repository: string; isNew: boolean }> {
  const headers = await readHeaders(source, new DamageLog());
  const ids = new Set(headers.map(({ value }) => value.id));
  const [header] = headers;
  if (header === undefined || ids.size > 1) throw foreign(source, target, [...ids].join(' and '));
  const repository = header.value.id;
  const isNew = await isVacant(target);
  if (!isNew) await requireOwn(source, target, repository);
  if (dry) return { repository, isNew };
  await bringKeys(source, target, repository);
  if (isNew) await createHeader(source, target, encodePlain(header.value), repository);
  return { repository, isNew };
}

export const holdsRepository = async (store: Store): Promise<boolean> => !(await isVacant(store));

/** Makes an empty place a store of the same repository; returns its id. Throws `repository.exists`. */
export async function joinRepository(source: Store, target: Store): Promise<string> {
  if (await holdsRepository(target)) throw alreadyThere(target);
  return (await requireSameRepository(source, target, false)).repository;
}

async function requireOwn(source: Store, target: Store, repository: string): Promise<void> {
  const found = await readHeaders(target, new DamageLog());
  const other = found.find(({ value }) => value.id !== repository);
  if (other !== undefined) throw foreign(source, target, other.value.id);
}

async function bringKeys(source: Store, target: Store, repository: string): Promise<void> {
  const ids = new Set<string>();
  for await (const { name } of source.list('keys/')) {
    const { kind, id } = objectOfName(name);
    if (kind === 'key') ids.add(id);
  }
  for (const id of ids) {
    const name = keyName(id);
    const { whole } = await readTwins(source, name, (bytes, from) => ({ bytes, key: decodeKeyObject(bytes, from) }));
    const [first] = whole;
    // `verify` of the source names one that is not whole, or another repository's.
    if (first === undefined || first.value.key.repository !== repository) continue;
    for (const place of [name, copyOf(name)]) await putIfAbsent(target, place, first.value.bytes);
  }
}

/** Of two that make it at once one wins; the loser looks whose it is. */
async function createHeader(source: Store, target: Store, header: Buffer, repository: string): Promise<void> {
  await putIfAbsent(target, headerName, header);
  await requireOwn(source, target, repository);
  await putIfAbsent(target, copyOf(headerName), header);
}

async function putIfAbsent(store: Store, name: string, bytes: Buffer): Promise<void> {
  if (bytes.length > limits.headerBytesMax || (await store.stat(name)) !== undefined) return;
  try {
    await putKept(store, name, bytes);
  } catch (error) {
    // Somebody else brings the same; what is there already is not ours to change.
    if (!isLifeboatError(error, 'store.exists')) throw error;
  }
}

const foreign = (source: Store, target: Store, id: string): LifeboatError =>
  new LifeboatError(
    'repository.foreign',
    `${target.location} belongs to another repository (${id}) than ${source.location}`,
    {
      where: target.location,
      hint: 'A copy needs an empty place, or one that was made as a copy of the same store: name another, or init the stores of the plan together.',
    },
  );
