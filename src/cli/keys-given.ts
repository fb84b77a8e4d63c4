import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LifeboatError, limits, messageOf } from '../core/index.ts';
import type { Unlock } from '../repository/index.ts';

/** What `--key` names, read once and when it is first needed. */
export function keysGiven(names: readonly string[], folder: string): () => Promise<Unlock> {
  let unlock: Promise<Unlock> | undefined;
  return () => (unlock ??= readAll(names, folder));
}

async function readAll(names: readonly string[], folder: string): Promise<Unlock> {
  const { unlockFrom } = await import('../app/index.ts');
  const given: { from: string; text: string }[] = [];
  for (const name of names) {
    if (name === 'ask') given.push({ from: `answer ${given.length + 1}`, text: await askHidden() });
    else if (name === '-') given.push({ from: 'the pipe', text: await readPipe() });
    else given.push({ from: name, text: await readKeyFile(resolve(folder, name)) });
  }
  return unlockFrom(given);
}

async function readKeyFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= limits.secretBytesMax) return await readFile(path, 'utf8');
  } catch (error) {
    throw new LifeboatError('input.file', `the key ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  throw new LifeboatError('input.file', `${path} is too large for a key`, {
    hint: 'A key is a file with an identity, a passphrase, or the words of a share; of a printed sheet take the text, not the PDF.',
  });
}

async function readPipe(): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > limits.secretBytesMax)
      throw new LifeboatError('input.flag', 'what came through the pipe is too large for keys');
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** One secret text: from a file, from a pipe (`-`), or asked for at the terminal. Without the line end that it was written with. Throws `input.file`, `input.flag`. */
export async function readSecretText(from: string | undefined, folder: string, prompt: string): Promise<string> {
  if (from === undefined) return askHidden(prompt, 'Name a file that holds it, or pipe it in: --password-from -');
  return (from === '-' ? await readPipe() : await readKeyFile(resolve(folder, from))).replace(/\r?\n$/, '');
}

/** One line from the terminal that nobody sees. */
async function askHidden(
  prompt = 'Key (passphrase, identity or the words of one share; not shown): ',
  hint = 'Pipe the key in with --key -, or name a file.',
): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new LifeboatError('input.flag', 'a secret is asked for on a terminal, and there is none', { hint });
  }
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    return await untilReturn(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

function untilReturn(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolveLine, reject) => {
    let line = '';
    const take = (piece: Buffer): void => {
      for (const letter of piece.toString('utf8')) {
        if (letter === '\r' || letter === '\n') return end(() => resolveLine(line));
        if (letter === '\u0003' || letter === '\u0004')
          return end(() => reject(new LifeboatError('operation.cancelled', 'no key was given')));
        if (letter === '\u007F' || letter === '\b') line = [...line].slice(0, -1).join('');
        else line += letter;
      }
    };
    const end = (tell: () => void): void => {
      stdin.off('data', take);
      tell();
    };
    stdin.on('data', take);
  });
}
