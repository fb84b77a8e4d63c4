import { ownText } from '../core/index.ts';

/** The version of package.json, found above this file whether it runs from `src` or from `dist/src`. */
export function version(): string {
  try {
    return (JSON.parse(ownText('package.json', import.meta.url)) as { version: string }).version;
  } catch {
    // Without its package file a program can still restore; it just cannot say which version it is.
    return 'unknown';
  }
}
