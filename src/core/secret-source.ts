import { readFile, stat } from 'node:fs/promises';
import { LifeboatError, messageOf } from './errors.ts';
import { limits } from './limits.ts';
import { mustSucceed } from './process.ts';
import { Secret } from './secrets.ts';

/** Where a secret comes from. The plan holds this, never the secret. */
export type SecretSource =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly exec: readonly [string, ...string[]] };

export const isSecretSource = (value: unknown): value is SecretSource =>
  typeof value === 'object' && value !== null && ('env' in value || 'file' in value || 'exec' in value);

/** `env LB_PASS`, `file /etc/key`, `program pass`: to name a source without its value. */
export function describeSource(source: SecretSource): string {
  if ('env' in source) return `environment variable ${source.env}`;
  if ('file' in source) return `file ${source.file}`;
  return `program ${source.exec[0]}`;
}

/**
 * Reads the secret at the moment it is needed. One trailing newline of a file or program is not part of it.
 * Throws `secret.unset` when the source gives nothing.
 */
export async function readSecret(source: SecretSource): Promise<Secret> {
  const text = await textOf(source);
  if (text !== '') return new Secret(text);
  throw unset(source, 'it is empty');
}

/** A plain text stands for itself; a source is read. */
export async function readText(value: string | SecretSource): Promise<string> {
  return typeof value === 'string' ? value : (await readSecret(value)).reveal();
}

async function textOf(source: SecretSource): Promise<string> {
  if ('env' in source) {
    const value = process.env[source.env];
    if (value === undefined) throw unset(source, 'it is not set');
    return value;
  }
  try {
    if ('exec' in source) return withoutNewline(await outputOf(source.exec));
    const { size } = await stat(source.file);
    if (size > limits.secretBytesMax) throw unset(source, `it has ${size} bytes, which is no secret`);
    return withoutNewline(await readFile(source.file, 'utf8'));
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'secret.unset') throw error;
    throw unset(source, messageOf(error), error);
  }
}

/** Standard output as it came: the one that `mustSucceed` returns is redacted, and cut to its tail. */
async function outputOf(argv: readonly string[]): Promise<string> {
  const pieces: Buffer[] = [];
  await mustSucceed(argv, {
    timeoutMs: limits.connectTimeoutMs,
    onOutput: (piece, from) => void (from === 'stdout' && pieces.push(piece)),
  });
  return Buffer.concat(pieces).toString('utf8');
}

const withoutNewline = (text: string): string => text.replace(/\r?\n$/, '');

const unset = (source: SecretSource, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('secret.unset', `the ${describeSource(source)} gives no secret: ${why}`, {
    hint:
      'env' in source
        ? `Set it and run again: export ${source.env}=…`
        : 'Make it readable for this user and run again.',
    cause,
  });
