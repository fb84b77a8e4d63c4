import { randomBytes } from 'node:crypto';
import { isLifeboatError, isoTime, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import { openDocument, sealDocument } from '../format/seal.ts';
import { canaryName } from '../names.ts';
import type { KeyBundle } from './bundle.ts';
import { putKept } from '../put-kept.ts';

/**
 * A few sealed words for each epoch, made with it: whoever can read them holds the master key of the epoch, whatever else is in
 * the store. Throws `store.exists`.
 */
export async function putCanary(store: Store, bundle: KeyBundle, epoch: number, nowMs: number): Promise<void> {
  const name = canaryName(epoch);
  const document = { format: 1, repository: bundle.repository, epoch, made: isoTime(nowMs), words };
  const plain = Buffer.from(JSON.stringify(document));
  const bytes = await sealDocument({ ...bundle, epoch }, 'canary', name, randomBytes(16), plain);
  await putKept(store, name, bytes);
}

/** The same bytes in another store of the repository; one that is there already stays. */
export async function copyCanary(from: Store, to: Store, epoch: number): Promise<void> {
  const name = canaryName(epoch);
  const bytes = await from.get(name, { range: { offset: 0, length: limits.headerBytesMax } });
  try {
    await putKept(to, name, bytes);
  } catch (error) {
    if (!isLifeboatError(error, 'store.exists')) throw error;
  }
}

/** Whether it is there and says what was written. Throws `repository.damaged` for one that this bundle cannot read. */
export async function readCanary(store: Store, bundle: KeyBundle, epoch: number): Promise<boolean> {
  const name = canaryName(epoch);
  try {
    const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax } });
    const said = JSON.parse((await openDocument(bundle, 'canary', name, bytes)).toString('utf8')) as Partial<Said>;
    if (said.words === words && said.repository === bundle.repository && said.epoch === epoch) return true;
    throw damaged(name, 'it does not say what a canary says');
  } catch (error) {
    if (isLifeboatError(error, 'store.missing')) return false;
    if (error instanceof SyntaxError) throw damaged(name, 'it is no document of a canary', error);
    throw error;
  }
}

interface Said {
  readonly repository: string;
  readonly epoch: number;
  readonly words: string;
}

const words = 'Whoever can read this can read the copies.';
