import { expect, it } from 'vitest';
import type { Asset } from '../../assets/index.ts';
import { withWorkspace } from '../testing/workspace.ts';
import { Bases } from './bases.ts';

it('a point that is being taken is stopped when its stream has failed: nobody waits an hour for the reason', async () => {
  await withWorkspace(async (workspace) => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const asset: Pick<Asset, 'name' | 'type' | 'identify' | 'capture'> = {
      name: 'docs',
      type: 'files',
      identify: async () => ({ id: 'slow', description: 'a source that is read for an hour' }),
      // oxlint-disable-next-line require-yield -- it is stopped before there is anything to give
      capture: async function* ({ signal }) {
        signal?.addEventListener('abort', () => stopped.resolve());
        begun.resolve();
        await stopped.promise;
        throw new Error('stopped');
      },
    };
    const bases = new Bases({
      workspace: { ...workspace, asset: () => asset as Asset },
      asset: 'docs',
      placeOf: () => undefined,
      say: () => {},
      signal: new AbortController().signal,
    });
    bases.take({ reason: 'no recovery point is there yet', isLedToBy: () => true });
    await begun.promise;
    await bases.end();
    expect(workspace.journal.records({ kinds: ['backup.failed'] })).toHaveLength(1);
  });
});
