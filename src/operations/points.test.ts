import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listPoints } from './index.ts';
import { withCopies } from './testing/copies.ts';
import { withWorkspaceOf } from './testing/workspace.ts';

it('a list of points that no store gives tells why each did not, the one that came furthest first', async () => {
  await withCopies(async (_, folder) => {
    await rename(join(folder, 'near'), join(folder, 'gone'));
    await rm(join(folder, 'far', 'keys'), { recursive: true });
    await withWorkspaceOf(folder, async (workspace) => {
      const error = await listPoints(workspace, 'docs').catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        message: expect.stringMatching(/^no store answers: (far|near): .*; (far|near): /),
      });
    });
  });
});
