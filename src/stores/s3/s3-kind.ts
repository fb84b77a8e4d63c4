import type { Store, StoreContext, StoreFact, StoreKind } from '../store.ts';
import { s3Schema, type S3Settings } from './settings.ts';

/** A bucket of any server that speaks S3. What speaks it is loaded when the first such store is opened. */
export const s3Store: StoreKind<S3Settings> = {
  type: 's3',
  schema: s3Schema,
  locks: true,
  open: async (settings: S3Settings, context: StoreContext): Promise<Store> => {
    const { openS3Store } = await import('./open.ts');
    return openS3Store(settings, context);
  },
  prepare: async (settings: S3Settings, context: StoreContext): Promise<readonly StoreFact[]> => {
    const { prepareS3Store } = await import('./open.ts');
    return prepareS3Store(settings, context);
  },
};
