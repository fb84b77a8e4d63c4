import type { Store, StoredObject } from '../../stores/index.ts';
import { damageFrom, isDamage } from '../damage.ts';
import { readHold } from '../holds/index.ts';
import { readAwaited } from '../format/awaited-object.ts';
import { readCondemnedPacks } from '../format/condemned-object.ts';
import { readCoolingPacks } from '../format/cooling-object.ts';
import { readCanary } from '../keys/canary.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { readPiece } from '../journal/journal-object.ts';
import { objectOfName } from '../names.ts';
import type { Damage, VerifyResult } from '../repository.ts';
import { readSession } from '../format/session-object.ts';

export interface Others {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly checked: VerifyResult['checked'];
  note(damage: Damage): void;
  /** Throws when the verification is to stop. */
  requireGoing(): void;
}

/** What is neither needed by a point nor a pack nor log: sessions, and what no writer put there. */
export async function verifyOthers(others: Others): Promise<void> {
  const { store, bundle, checked, note } = others;
  for await (const object of store.list('')) {
    const { name, bytes } = object;
    const { kind, id } = objectOfName(name);
    if (kind !== 'pack' && kind !== 'log') checked.bytes += bytes;
    if (kind === 'index') checked.objects += 1;
    if (kind === 'condemned') await verifyOne(others, object, kind, () => readCondemnedPacks(store, id));
    if (kind === 'cooling') await verifyOne(others, object, kind, () => readCoolingPacks(store, id));
    if (kind === 'awaited') await verifyOne(others, object, kind, () => readAwaited(store, bundle, id));
    if (kind === 'session') await verifyOne(others, object, kind, () => readSession(store, bundle, name));
    if (kind === 'canary')
      await verifyOne(others, object, kind, () => readCanary(store, bundle, Number.parseInt(id, 16)));
    if (kind === 'journal') await verifyOne(others, object, kind, () => readPiece(store, bundle, name));
    if (kind === 'hold') await verifyOne(others, object, kind, () => readHold(store, bundle, name));
    if (kind !== 'foreign') continue;
    checked.objects += 1;
    const what = 'no object of a repository has such a name';
    note({ object: name, kind, code: 'repository.damaged', what, points: [] });
  }
}

async function verifyOne(
  { checked, note }: Others,
  { name }: StoredObject,
  kind: Damage['kind'],
  read: () => Promise<unknown>,
): Promise<void> {
  checked.objects += 1;
  try {
    await read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    // A session that ended meanwhile is no damage.
    if (error.code !== 'store.missing') note(damageFrom(error, name, kind));
  }
}
