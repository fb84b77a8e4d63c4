import { isLifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { isDamage, type DamageLog } from '../damage.ts';
import { decodeHeaderObject } from '../format/headers.ts';
import { decodeKeyObject } from '../keys/keys.ts';
import { copyOf, headerName, objectOfName } from '../names.ts';
import { readTwins } from '../format/twins.ts';

/**
 * Writes anew what is kept twice and of which only one copy is whole, as far as the log knows: a maker that was killed in between,
 * or a lost sector, leaves one copy, and nobody else would ever make the second. Only what belongs to this repository is
 * copied, and only over what holds nothing. A store that refuses is no error: the damage stays in the log.
 */
export async function mendTwins(store: Store, repository: string, log: DamageLog): Promise<void> {
  const names = log
    .list()
    .filter(({ kind }) => kind === 'header' || kind === 'key')
    .map(({ object }) => (objectOfName(object).copy ? object.slice(0, -copyOf('').length) : object));
  for (const name of new Set(names)) {
    try {
      await mend(store, name, repository);
    } catch (error) {
      // A point needs one copy only, and `verify` still names the other.
      if (!isLifeboatError(error)) throw error;
    }
  }
}

/**
 * Removes the keys that makers left who were killed, or lost the race, before they had a header: they open nothing, and `verify`
 * would be red about them for ever. Only for who has just made the header: then no other maker can win any more, and the store
 * held nothing that another key could open.
 */
export async function removeStrayKeys(store: Store, repository: string, own: readonly string[]): Promise<void> {
  try {
    for (const { name } of await Array.fromAsync(store.list('keys/'))) {
      if (objectOfName(name).kind !== 'key' || own.includes(name)) continue;
      if ((await keyIsOf(store, name)) !== repository) await store.remove(name);
    }
  } catch (error) {
    // The repository is made and whole without it; `verify` names what is left.
    if (!isLifeboatError(error)) throw error;
  }
}

/** The repository whose key this is; undefined when it is not whole. */
async function keyIsOf(store: Store, name: string): Promise<string | undefined> {
  try {
    const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax } });
    return decodeKeyObject(bytes, name).repository;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

async function mend(store: Store, name: string, repository: string): Promise<void> {
  const { whole, damage } = await readTwins(store, name, (bytes, from) => ({ bytes, id: repositoryOf(bytes, from) }));
  const [good, bad] = [whole[0], damage[0]];
  if (good === undefined || bad === undefined || good.value.id !== repository) return;
  const isGone = bad.code === 'repository.incomplete' && (await store.stat(bad.object)) === undefined;
  await store.put(bad.object, [good.value.bytes], { ifAbsent: isGone });
}

/** Throws `repository.damaged`, `repository.version`. */
function repositoryOf(bytes: Buffer, name: string): string {
  if (objectOfName(name).kind === 'header') return decodeHeaderObject(bytes, headerName).id;
  return decodeKeyObject(bytes, name).repository;
}
