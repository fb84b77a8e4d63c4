import { writeSync } from 'node:fs';
import { timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { assert, LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import { chunkIdNow, openChunkNow } from '../chunk-codec.ts';
import { free } from '../free.ts';
import { PackBuilder, type BuiltPack } from '../pack-builder.ts';
import { KnownIds } from './known-ids.ts';
import type { CarriedError, OpenChunk, OpenRequest, Reply, Request } from './messages.ts';

/** The thread's side of the pool: one request after another, each worked off before the next is looked at. */
interface Session {
  readonly idKey: Uint8Array;
  readonly known: KnownIds;
  readonly builder: PackBuilder;
}

const sessions = new Map<number, Session>();

parentPort?.on('message', ({ task, request }: { task: number; request: Request }) => {
  try {
    answer({ task, ...perform(request) });
  } catch (error) {
    answer({ task, error: carried(error) });
  }
});

function answer(reply: Reply): void {
  parentPort?.postMessage(reply, reply.pack === undefined ? [] : [reply.pack.memory]);
}

function perform(request: Request): Omit<Reply, 'task'> {
  switch (request.do) {
    case 'open':
      return { bad: openChunks(request) };
    case 'start': {
      const { bundle, tables } = request;
      const session = { idKey: bundle.chunkIdKey, known: new KnownIds(tables), builder: new PackBuilder(bundle) };
      sessions.set(request.session, session);
      return {};
    }
    case 'follow':
      sessionOf(request).known.follow(request.table);
      return {};
    case 'seal':
      return seal(sessionOf(request), request.plain);
    case 'finish':
      return withPack(sessionOf(request).builder.finish());
    case 'recycle':
      sessions.get(request.session)?.builder.recycle(request.memory);
      return {};
    case 'end':
      sessions.delete(request.session);
      return {};
  }
}

function sessionOf(request: { session: number }): Session {
  const session = sessions.get(request.session);
  assert(session !== undefined, 'a session was started in this thread');
  return session;
}

function seal(session: Session, plain: Uint8Array): Omit<Reply, 'task'> {
  const id = new Uint8Array(chunkIdNow(session.idKey, plain));
  if (!session.known.claim(id)) return { id, fresh: false };
  return { id, fresh: true, ...withPack(session.builder.add(id, plain)) };
}

const withPack = (pack: BuiltPack | undefined): { pack?: BuiltPack } => (pack === undefined ? {} : { pack });

function openChunks(request: OpenRequest): number[] {
  const bad: number[] = [];
  request.chunks.forEach((chunk, i) => {
    const plain = openOne(request, chunk);
    if (plain === undefined) return void bad.push(i);
    for (const { file, offset } of chunk.targets) writeWhole(file, plain, offset);
    free(plain);
  });
  free(request.sealed);
  return bad;
}

function openOne({ key, rehashKey, sealed }: OpenRequest, chunk: OpenChunk): Buffer | undefined {
  const bytes = sealed.subarray(chunk.offset, chunk.offset + chunk.sealedBytes);
  if (bytes.length !== chunk.sealedBytes) return undefined;
  const plain = openChunkNow({ kind: 'pack', raw: key }, chunk.id, chunk.number, bytes, chunk.plainBytes);
  if (plain === undefined || rehashKey === undefined) return plain;
  return timingSafeEqual(chunkIdNow(rehashKey, plain), chunk.id) ? plain : undefined;
}

function writeWhole(file: number, plain: Buffer, offset: number): void {
  for (let at = 0; at < plain.length;) at += writeSync(file, plain, at, plain.length - at, offset + at);
}

function carried(error: unknown): CarriedError {
  if (error instanceof LifeboatError) {
    const { code, message, hint, where } = error;
    return { code, message, hint, where };
  }
  return { message: messageOf(error), systemCode: systemCodeOf(error) };
}
