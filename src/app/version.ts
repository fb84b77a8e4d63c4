import { ownText } from '../core/index.ts';

/** `lifeboat 0.1.0`, from the package's own file, wherever it is installed. */
export function toolVersion(): string {
  try {
    const { name, version } = JSON.parse(ownText('package.json', import.meta.url)) as Record<string, string>;
    if (name === 'lifeboat') return `lifeboat ${version}`;
  } catch {
    // Without its package file a program can still restore; it just cannot say which version it is.
  }
  return 'lifeboat (unknown version)';
}
