import { readFileSync, writeFileSync } from 'node:fs';

/** Writes a page that is made; with `--check` it only says, and by the exit code, whether the page is what `text` says. */
export function writeOrCheck(file, text, stale) {
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (textOf(file) !== text) {
    process.stderr.write(`${stale}\n`);
    process.exitCode = 1;
  }
}

/** Undefined where there is no such file: a page that is missing is not up to date. */
export function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
