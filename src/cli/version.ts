import { readFileSync } from 'node:fs';

/** The version of package.json, found above this file whether it runs from `src` or from `dist/src`. */
export function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string };
      return found.version;
    } catch {
      // Not there: the other place is tried, and if that fails too the version is said to be unknown.
    }
  }
  return 'unknown';
}
