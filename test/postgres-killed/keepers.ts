import { rename } from 'node:fs/promises';
import type { Keeping } from '../../bench/disasters/ground.ts';
import { startS3Server } from '../../src/testing/s3/index.ts';

/** A store that goes away and comes back, as stores do. */
export interface Keeper {
  readonly keeping: Keeping;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  end(): Promise<void>;
}

/** A disk that is not mounted for a while. */
export function folderKeeper(store: string): Keeper {
  return {
    keeping: { store },
    goAway: () => rename(store, `${store}.away`),
    comeBack: () => rename(`${store}.away`, store),
    end: async () => {},
  };
}

/** A server of objects on a disk, which is killed and started again. */
export async function bucketKeeper(): Promise<Keeper> {
  const server = await startS3Server('disk');
  const settings = {
    type: 's3',
    endpoint: server.endpoint,
    bucket: 'shop',
    prefix: 'killed/',
    accessKeyId: 'AKIATEST',
    secretAccessKey: { env: 'STORE_SECRET' },
  };
  return {
    keeping: { kept: { settings, env: { STORE_SECRET: 'SECRETTEST' } } },
    goAway: () => server.kill(),
    comeBack: () => server.start(),
    end: () => server.destroy(),
  };
}
