import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LifeboatError } from '../../core/index.ts';
import { endOfFile } from './end-of-file.ts';

/**
 * The end of what a log was before it was rotated (`shop.log.1`, `shop.log-20261121`), where that was written to since a moment: right after a rotation
 * the lines of the last minutes lie there. Nothing where no such file is that young. Throws `check.unanswered` for one that is compressed already.
 */
export async function beforeRotation(path: string, fromMs: number): Promise<{ lines: string[]; isWhole: boolean }> {
  const newest = await newestRotated(path);
  if (newest === undefined || newest.mtimeMs < fromMs) return { lines: [], isWhole: true };
  if (compressed.test(newest.path))
    throw new LifeboatError('check.unanswered', `the log was rotated, and ${basename(newest.path)} is compressed`, {
      hint: 'Let logrotate compress a turn later (delaycompress), or let the program of `run` read it.',
    });
  return endOfFile(newest.path);
}

const compressed = /\.(?:gz|xz|bz2|zst)$/;

async function newestRotated(path: string): Promise<{ path: string; mtimeMs: number } | undefined> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = (await readdir(folder)).filter((one) => one.startsWith(name) && /^[.-]\d/.test(one.slice(name.length)));
  const found = await Promise.all(
    names.map(async (one) => ({ path: join(folder, one), mtimeMs: (await stat(join(folder, one))).mtimeMs })),
  );
  return found.toSorted((one, other) => other.mtimeMs - one.mtimeMs)[0];
}
