import { LifeboatError } from '../../core/index.ts';
import type { FormKind } from '../outside.ts';

/** Trees of files that others keep. */
export const filesForm: FormKind<{ path: string }> = {
  type: 'files',
  settings: {},
  assetSettings: () => ({ path: 'kept by others' }),
  open: (name) => ({
    build: async (content, staging) => {
      if (content.kind === 'tree') return content.write(staging);
      throw new LifeboatError('asset.foreign', `${name}: these copies are no trees of files`, {
        hint: 'A folder of dumps is of postgres or sqlite; trees are kept by restic.',
      });
    },
  }),
};
