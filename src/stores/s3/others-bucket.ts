import { LifeboatError } from '../../core/index.ts';
import type { OthersBucket, OthersBucketKind, OthersObject } from '../others-bucket.ts';
import { throwIfStopped } from '../stopped.ts';
import { accessShape, accessWrong, type S3Settings } from './settings.ts';

type Access = Pick<S3Settings, keyof typeof accessShape>;

/** A bucket of others, of any server that speaks S3. What speaks it is loaded when the first one is opened. */
export const othersS3Bucket: OthersBucketKind<Access> = {
  shape: accessShape,
  wrong: accessWrong,
  open: async (settings, { clock }) => {
    const [{ connect, prefixOf }, { listKeys }, { streamed }, { classOf }] = await Promise.all([
      import('./open.ts'),
      import('./objects/listing.ts'),
      import('./objects/streamed.ts'),
      import('./objects/classes.ts'),
    ]);
    const client = await connect(settings, { clock });
    const prefix = prefixOf(settings);
    const bucket: OthersBucket = {
      location: client.location,
      list: async function* list(start, { signal } = {}): AsyncGenerator<OthersObject, void, void> {
        for await (const { key, bytes, modifiedMs, storageClass } of listKeys(client, prefix + start, signal)) {
          throwIfStopped(signal);
          if (Number.isNaN(modifiedMs))
            throw new LifeboatError('store.io', 'the listing does not say when an object was put', {
              where: client.where(key),
            });
          yield { name: key.slice(prefix.length), bytes, modifiedMs, ...classOf(storageClass) };
        }
      },
      read: (name, { signal } = {}) => streamed(client, prefix + name, signal),
      close: () => client.close(),
    };
    return bucket;
  },
};
