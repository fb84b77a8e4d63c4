import { createHash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';
import { recordName, sumsName, type KitRecord } from './kit.ts';
import { readTar } from './tar.ts';

export interface KitVerdict {
  readonly record: KitRecord;
  /** What is wrong with it, each in a sentence. */
  readonly problems: readonly string[];
}

interface Member {
  readonly bytes: number;
  open(): Promise<{ file: FileHandle; offset: number; close: () => Promise<void> }>;
}

/** Reads every byte of a kit, folder or archive, and compares it with what the kit says of itself. Throws `input.file` for what is none. */
export async function verifyKit(path: string): Promise<KitVerdict> {
  const { members, close } = await membersOf(path);
  try {
    const record = await recordOf(members, path);
    const problems: string[] = [];
    for (const { path: name, bytes, sha256 } of record.files) {
      const member = members.get(name);
      if (member === undefined) problems.push(`${name} is missing`);
      else if (member.bytes !== bytes) problems.push(`${name} has ${member.bytes} bytes instead of ${bytes}`);
      else if ((await hashOf(member)) !== sha256) problems.push(`${name} is not as it was made`);
    }
    const own = new Set([...record.files.map((file) => file.path), recordName, sumsName]);
    for (const name of members.keys()) if (!own.has(name)) problems.push(`${name} is no part of the kit`);
    if (!members.has(sumsName)) problems.push(`${sumsName} is missing`);
    return { record, problems };
  } finally {
    await close();
  }
}

async function membersOf(path: string): Promise<{ members: Map<string, Member>; close: () => Promise<void> }> {
  try {
    if ((await stat(path)).isDirectory()) return { members: await inFolder(path), close: async () => {} };
    const file = await open(path, 'r');
    try {
      return { members: await inArchive(file, path), close: () => file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('input.file', `the kit ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function inArchive(file: FileHandle, path: string): Promise<Map<string, Member>> {
  const members = await readTar(file, path);
  return new Map(
    members.map(({ path: name, bytes, offset }): [string, Member] => [
      name.slice(name.indexOf('/') + 1),
      { bytes, open: async () => ({ file, offset, close: async () => {} }) },
    ]),
  );
}

async function inFolder(folder: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const member: Member = {
      bytes: (await stat(path)).size,
      open: async () => {
        const file = await open(path, 'r');
        return { file, offset: 0, close: () => file.close() };
      },
    };
    members.set(relative(folder, path), member);
    if (members.size > limits.kitFilesMax) break;
  }
  return members;
}

async function recordOf(members: ReadonlyMap<string, Member>, path: string): Promise<KitRecord> {
  const member = members.get(recordName);
  if (member !== undefined && member.bytes <= limits.kitRecordBytesMax) {
    const pieces: Buffer[] = [];
    for await (const piece of piecesOf(member)) pieces.push(Buffer.from(piece));
    try {
      return schema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
    } catch {
      // Falls through: whatever it is, it is not the record of a kit.
    }
  }
  throw new LifeboatError('input.file', `${path} is no kit: it has no ${recordName} that says what belongs to it`);
}

async function hashOf(member: Member): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(member)) hash.update(piece);
  return hash.digest('hex');
}

async function* piecesOf(member: Member): AsyncGenerator<Buffer> {
  const { file, offset, close } = await member.open();
  const room = Buffer.alloc(Math.min(limits.rangeBytes, Math.max(member.bytes, 1)));
  try {
    for (let done = 0; done < member.bytes;) {
      const { bytesRead } = await file.read(room, 0, Math.min(room.length, member.bytes - done), offset + done);
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await close();
  }
}

const schema = z.strictObject({
  lifeboat: z.literal('kit'),
  format: z.literal(1),
  plan: z.string(),
  planFile: z.string(),
  planHash: z.string(),
  tool: z.string(),
  made: z.string(),
  platform: z.string(),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().min(0), sha256: z.string() })),
});
