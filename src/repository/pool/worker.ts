import { timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { assert, free } from '../../core/index.ts';
import type { Inspector } from '../../assets/index.ts';
import { chunkIdNow, openChunkNow, roomFor } from '../format/chunk-codec.ts';
import { writeWhole } from './direct-writer.ts';
import { inspectorOf } from '../write/inspectors.ts';
import type { BuiltPack } from '../write/pack-builder.ts';
import { Sealer } from '../write/sealer.ts';
import { SharedIds } from './shared-ids.ts';
import { carried } from './carried.ts';
import type { OpenChunk, OpenRequest, PlaceRequest, Reply, Request } from './messages.ts';
import { placeChunks } from './place.ts';

/** The thread's side of the pool: one request after another, each worked off before the next is looked at. */
interface Session {
  readonly known: SharedIds;
  readonly sealer: Sealer;
}

const sessions = new Map<number, Session>();
const inspectors = new Map<string, Inspector>();

parentPort?.on('message', ({ task, request }: { task: number; request: Request }) => {
  try {
    const { inspector } = request as { inspector?: string };
    if (request.do === 'place') return void place(task, request);
    if (inspector !== undefined && !inspectors.has(inspector)) return load(inspector, task, request);
    answer({ task, ...perform(request) });
  } catch (error) {
    answer({ task, error: carried(error) });
  }
});

/** Once a thread and kind of file; what comes meanwhile is answered before. */
async function load(inspector: string, task: number, request: Request): Promise<void> {
  try {
    inspectors.set(inspector, await inspectorOf(inspector));
    answer({ task, ...perform(request as Exclude<Request, { do: 'place' }>) });
  } catch (error) {
    answer({ task, error: carried(error) });
  }
}

/** Others are answered while this one waits for the disk. */
async function place(task: number, request: PlaceRequest): Promise<void> {
  try {
    answer({ task, bad: await placeChunks(request) });
  } catch (error) {
    answer({ task, error: carried(error) });
  }
}

function answer(reply: Reply): void {
  parentPort?.postMessage(reply, reply.pack === undefined ? [] : [reply.pack.memory]);
}

function perform(request: Exclude<Request, { do: 'place' }>): Omit<Reply, 'task'> {
  switch (request.do) {
    case 'open':
      return { bad: openChunks(request) };
    case 'start': {
      const known = new SharedIds(request.ids);
      sessions.set(request.session, { known, sealer: new Sealer(request.bundle, (id) => known.claim(id)) });
      return {};
    }
    case 'follow':
      sessionOf(request).known.follow(request.ids);
      return {};
    case 'seal': {
      const { plain, at, inspector = '' } = request;
      const sealed = sessionOf(request).sealer.seal(plain, inspectors.get(inspector), at);
      free(plain);
      return sealed;
    }
    case 'sealRange': {
      const inspector = inspectors.get(request.inspector ?? '');
      const { pack, ...range } = sessionOf(request).sealer.sealRange(request.range, inspector);
      return { range, ...withPack(pack) };
    }
    case 'finish':
      return withPack(sessionOf(request).sealer.finish());
    case 'recycle':
      recycle(request);
      return {};
    case 'end':
      sessions.get(request.session)?.sealer.retire();
      sessions.delete(request.session);
      return {};
  }
}

/** A pack that is stored when its session has ended is nobody's. */
function recycle({ session, memory }: { session: number; memory: ArrayBuffer }): void {
  const sealer = sessions.get(session)?.sealer;
  if (sealer === undefined) free(new Uint8Array(memory));
  else sealer.recycle(memory);
}

function sessionOf(request: { session: number }): Session {
  const session = sessions.get(request.session);
  assert(session !== undefined, 'a session was started in this thread');
  return session;
}

const withPack = (pack: BuiltPack | undefined): { pack?: BuiltPack } => (pack === undefined ? {} : { pack });

function openChunks(request: OpenRequest): number[] {
  const bad: number[] = [];
  const room = roomFor(Math.max(...request.chunks.map(({ plainBytes }) => plainBytes)));
  request.chunks.forEach((chunk, i) => {
    const plain = openOne(request, chunk, room);
    if (plain === undefined) return void bad.push(i);
    for (const { file, offset } of chunk.targets) writeWhole(file, plain, offset);
  });
  free(room);
  free(request.sealed);
  return bad;
}

function openOne({ key, rehashKey, sealed }: OpenRequest, chunk: OpenChunk, room: Buffer): Buffer | undefined {
  const bytes = sealed.subarray(chunk.offset, chunk.offset + chunk.sealedBytes);
  if (bytes.length !== chunk.sealedBytes) return undefined;
  const plain = openChunkNow({ kind: 'pack', raw: key }, chunk.id, chunk.number, bytes, chunk.plainBytes, room);
  if (plain === undefined || rehashKey === undefined) return plain;
  return timingSafeEqual(chunkIdNow(rehashKey, plain), chunk.id) ? plain : undefined;
}
