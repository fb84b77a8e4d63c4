import { readFileSync } from 'node:fs';

/** `lifeboat 0.1.0`, from the package's own file, wherever it is installed. */
export function toolVersion(): string {
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'lifeboat') return `lifeboat ${version}`;
    } catch {
      // Sources stand two folders below the package's file, compiled ones three: the other place is tried next.
    }
  }
  return 'lifeboat (unknown version)';
}
