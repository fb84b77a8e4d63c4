import { LifeboatError } from '../../core/index.ts';
import type { FormKind, KeptContent } from '../outside.ts';
import { extractTar, isTar, listTar } from '../tar-stream.ts';

/** Trees of files that others keep: as trees, or as archives of tar. */
export const filesForm: FormKind<{ path: string }> = {
  type: 'files',
  settings: {},
  assetSettings: () => ({ path: 'kept by others' }),
  open: (name) => ({
    read: async (content, options) => {
      if (!isTar(content)) throw noTree(name, content);
      return `an archive of ${await listTar(content, () => {}, options)} members`;
    },
    build: async (content, staging, { signal, warn }) => {
      if (content.kind === 'tree') return content.write(staging, warn);
      if (content.kind !== 'stream' || !isTar(content)) throw noTree(name, content);
      return extractTar(content, staging, signal === undefined ? {} : { signal });
    },
  }),
};

const noTree = (asset: string, { id }: KeptContent): LifeboatError =>
  new LifeboatError('asset.foreign', `${asset}: the copy ${id} is no tree of files`, {
    hint: 'Trees are kept by restic and Velero, or as archives: docs.tar, docs.tar.gz. A folder of dumps is of postgres or sqlite.',
  });
