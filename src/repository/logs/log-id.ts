import { createHmac } from 'node:crypto';
import type { KeyBundle } from '../keys/keys.ts';

/** What a log is called in a store: neither the asset nor its source can be told from it. */
export const logIdOf = (bundle: KeyBundle, asset: string, source: string): string =>
  createHmac('sha256', bundle.chunkIdKey)
    .update(JSON.stringify(['lifeboat/1/log', asset, source]))
    .digest('hex')
    .slice(0, 32);
