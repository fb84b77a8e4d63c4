import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, type DamageLog } from '../damage.ts';
import { decodeKeyObject, type KeyObject } from '../keys/keys.ts';
import { copyOf, headerName, keyName, objectOfName } from '../names.ts';
import { formatVersion } from './seal.ts';
import { decodePlain, readTwins, type Twin } from './twins.ts';

/** The damage of everything that is kept twice, for `verify`. Throws what `openRepository` throws for a header. */
export async function inspectHeaders(store: Store, repository: string, log: DamageLog): Promise<number> {
  const headers = await readHeaders(store, log);
  noteOtherHeaders(headers, repository, log);
  const keys = await readKeys(store, log);
  for (const key of keys) {
    if (key.repository === repository) continue;
    const name = keyName(key.id);
    log.note({
      object: name,
      kind: 'foreign',
      code: 'repository.damaged',
      what: `it is a key of another repository, ${key.repository}`,
      points: [],
    });
  }
  return headers.length + 2 * keys.length;
}

const headerSchema = z.strictObject({
  lifeboat: z.literal('repository'),
  format: z.literal(formatVersion),
  id: z.string().regex(/^[0-9a-z]{26}$/),
  created: z.string(),
});
export type Header = z.infer<typeof headerSchema>;

export function decodeHeaderObject(bytes: Buffer, name: string): Header {
  const value = decodePlain(bytes, name);
  const version = z.looseObject({ lifeboat: z.literal('repository'), format: z.int() }).safeParse(value);
  if (version.success && version.data.format > formatVersion) {
    throw new LifeboatError(
      'repository.version',
      `the repository has format version ${version.data.format}, this program knows ${formatVersion}`,
      {
        where: name,
        hint: 'Use the version of Lifeboat that made it, or a newer one.',
      },
    );
  }
  const parsed = headerSchema.safeParse(value);
  if (!parsed.success) throw damaged(name, 'it is not the header of a repository');
  return parsed.data;
}

/** Both copies as far as they are whole. Throws `repository.missing`, `repository.damaged`. */
export async function readHeaders(store: Store, log: DamageLog): Promise<Twin<Header>[]> {
  const { whole, damage } = await readTwins(store, headerName, decodeHeaderObject);
  if (whole.length > 0) {
    damage.forEach((one) => log.note(one));
    return whole;
  }
  const gone = damage.every((one) => one.code === 'repository.incomplete');
  if (gone && (await isVacant(store))) {
    throw new LifeboatError('repository.missing', `${store.location} holds no repository`, {
      where: store.location,
      hint: 'Make one with `lifeboat store init`.',
    });
  }
  throw damaged(headerName, `both copies of the header are unusable (${damage.map((one) => one.what).join('; ')})`);
}

/** Every key of which at least one copy is whole. */
export const readKeys = async (store: Store, log: DamageLog): Promise<KeyObject[]> =>
  (await readStoredKeys(store, log)).map(({ key }) => key);

export interface StoredKey {
  readonly key: KeyObject;
  readonly bytes: Buffer;
}

/** The same, with their bytes: oldest first. */
export async function readStoredKeys(store: Store, log: DamageLog): Promise<StoredKey[]> {
  const ids = new Set<string>();
  for await (const { name } of store.list('keys/')) {
    const { kind, id } = objectOfName(name);
    if (kind === 'key') ids.add(id);
  }
  const keys: StoredKey[] = [];
  for (const id of [...ids].sort()) {
    const decode = (bytes: Buffer, name: string): StoredKey => ({ key: decodeKeyObject(bytes, name), bytes });
    const { whole, damage } = await readTwins(store, keyName(id), decode);
    damage.forEach((one) => log.note(one));
    if (whole[0] !== undefined) keys.push(whole[0].value);
  }
  return keys;
}

export function noteOtherHeaders(headers: readonly Twin<Header>[], repository: string, log: DamageLog): void {
  for (const { name, value } of headers) {
    if (value.id === repository) continue;
    log.note({
      object: name,
      kind: 'header',
      code: 'repository.damaged',
      what: `it is the header of another repository, ${value.id}`,
      points: [],
    });
  }
}

/** No header, and nothing that would be lost with one: a key alone is what a maker left that was killed. */
export async function isVacant(store: Store): Promise<boolean> {
  for (const name of [headerName, copyOf(headerName)]) if ((await store.stat(name)) !== undefined) return false;
  for (const prefix of ['packs/', 'points/', 'index/']) for await (const _ of store.list(prefix)) return false;
  return true;
}

export const alreadyThere = (store: Store, cause?: unknown): LifeboatError =>
  new LifeboatError('repository.exists', `${store.location} already holds a repository`, {
    where: store.location,
    hint: 'Use it, or name another place.',
    cause,
  });
