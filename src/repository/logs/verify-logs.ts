import type { Store, StoredObject } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { logObjectOfName } from '../names.ts';
import { openLogObject } from './log-object.ts';
import { logObjectBytesMax } from './sealing/log-segments.ts';
import { readGrowing } from './growing-piece.ts';
import { decodeMarks, requireClock } from './marks.ts';

/** Reads one object of a log, all of it; its plain size. Throws `repository.damaged`, and what the store says. */
export async function verifyLogObject(store: Store, bundle: KeyBundle, { name }: StoredObject): Promise<number> {
  if (logObjectOfName(name)?.growing !== undefined) {
    const { frames, damage } = await readGrowing(store, bundle, name);
    if (damage !== undefined) throw damaged(name, damage);
    return frames.reduce((total, { bytes }) => total + bytes.length, 0);
  }
  const object = await store.get(name, { range: { offset: 0, length: logObjectBytesMax + 1 } });
  const { marks, bytes } = await openLogObject(bundle, name, object);
  const known = decodeMarks(marks, name);
  const { range, clock } = logObjectOfName(name) ?? {};
  if (clock !== undefined) requireClock(name, clock, known);
  if (range !== undefined && BigInt(bytes.length) !== range.end - range.start) {
    throw damaged(name, `it holds ${bytes.length} bytes, its name says ${range.end - range.start}`);
  }
  return bytes.length;
}
