import { ownText } from '../core/index.ts';

/** The version of package.json. */
export function version(): string {
  try {
    return (JSON.parse(ownText('package.json', import.meta.url)) as { version: string }).version;
  } catch {
    // Without its package file a program can still restore; it just cannot say which version it is.
    return 'unknown';
  }
}
