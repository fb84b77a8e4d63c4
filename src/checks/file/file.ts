import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { formatBytes, LifeboatError, limits, messageOf, systemCodeOf } from '../../core/index.ts';
import type { CheckContext, CheckKind, Observation } from '../check.ts';

const long = z.strictObject({
  path: z.string().min(1),
  contains: z.string().min(1).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'it must be 64 hexadecimal digits')
    .optional(),
  bytesMin: z.int().min(0).optional(),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;
type Long = z.infer<typeof long>;

/**
 * `file: readme.txt`, or `file: { path, contains?, sha256?, bytesMin? }`, relative to the restored folder. Gives `exists`, `bytes`,
 * `folder`, `modified`, `text` (of a small file) and `sha256`.
 */
export const fileCheck: CheckKind<Settings> = {
  kind: 'file',
  schema,
  files: (settings) => [longOf(settings).path],
  describe: (settings) => `the file ${longOf(settings).path}`,
  observe: async (settings, context) => {
    const wanted = longOf(settings);
    const path = resolve(context.root ?? context.baseFolder, wanted.path);
    const found = await statusOf(path);
    if (found === undefined) return absent(wanted);
    return judged(wanted, await factsOf(path, found, context));
  },
};

const longOf = (settings: Settings): Long => (typeof settings === 'string' ? { path: settings } : settings);

async function statusOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
    throw new LifeboatError('check.unanswered', messageOf(error), { cause: error });
  }
}

function absent(wanted: Long): Observation {
  const variables = { exists: false, bytes: 0, folder: false, modified: null, text: '', sha256: '' };
  return { variables, ok: false, expected: expectedOf(wanted), observed: `${wanted.path} is not there` };
}

interface Facts {
  readonly exists: true;
  readonly bytes: number;
  readonly folder: boolean;
  readonly modified: Date;
  /** The start of the file, as far as a check reads it. */
  readonly text: string;
  readonly sha256: string;
}

async function factsOf(
  path: string,
  found: { size: number; mtime: Date; isDirectory(): boolean },
  context: CheckContext,
): Promise<Facts> {
  if (found.isDirectory()) {
    return { exists: true, bytes: 0, folder: true, modified: found.mtime, text: '', sha256: '' };
  }
  try {
    const [text, sha256] = [await startOf(path), await hashOf(path, context.signal)];
    return { exists: true, bytes: found.size, folder: false, modified: found.mtime, text, sha256 };
  } catch (error) {
    throw new LifeboatError('check.unanswered', messageOf(error), { cause: error });
  }
}

async function startOf(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(limits.httpBodyBytesMax);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, signal === undefined ? {} : { signal })) hash.update(piece);
  return hash.digest('hex');
}

function judged(wanted: Long, facts: Facts): Observation {
  const wrong = [
    ...(wanted.contains === undefined || facts.text.includes(wanted.contains) ? [] : ['it does not contain the text']),
    ...(wanted.sha256 === undefined || facts.sha256 === wanted.sha256.toLowerCase()
      ? []
      : [`its SHA-256 is ${facts.sha256}`]),
    ...(wanted.bytesMin === undefined || facts.bytes >= wanted.bytesMin ? [] : ['it is too small']),
  ];
  const what = facts.folder ? `${wanted.path} is a folder` : `${wanted.path} has ${facts.bytes} bytes`;
  return {
    variables: { ...facts },
    ok: wrong.length === 0,
    expected: expectedOf(wanted),
    observed: [what, ...wrong].join('; '),
  };
}

function expectedOf({ contains, sha256, bytesMin }: Long): string {
  const parts = [
    'it is there',
    ...(contains === undefined ? [] : [`contains "${contains}"`]),
    ...(sha256 === undefined ? [] : [`SHA-256 ${sha256.toLowerCase()}`]),
    ...(bytesMin === undefined ? [] : [`at least ${formatBytes(bytesMin)}`]),
  ];
  return parts.join(', ');
}
