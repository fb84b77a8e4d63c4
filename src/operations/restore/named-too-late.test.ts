import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Asset } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import { backupEverywhere } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { chooseReplay } from './choose-replay.ts';

it('a named point that ends behind the moment is refused with whether an older one would do', async () => {
  await withCopies(async (workspace, folder) => {
    const log = {
      baseOf: () => ({ source: 's', timeline: 1, start: 0n, end: 1n }),
      planReplay: async () => {
        throw new LifeboatError('restore.unreachable_target', 'the point does not end before');
      },
    };
    const asset = (name: string): Asset =>
      new Proxy(workspace.asset(name), { get: (of, key) => (key === 'log' ? log : Reflect.get(of, key, of)) });
    const ids: string[] = [];
    for (const text of ['one', 'two']) {
      await writeFile(join(folder, 'docs', 'one'), text);
      await backupEverywhere(workspace, 'docs');
      const { points } = await (await workspace.repository('near')).points();
      ids.push(points.find(({ id, asset: of }) => of === 'docs' && !ids.includes(id))?.id as string);
    }
    const hintOf = (point: string | undefined) =>
      chooseReplay(
        { ...workspace, asset },
        {
          asset: 'docs',
          target: folder,
          start: false,
          stay: false,
          ...(point === undefined ? {} : { point }),
          recover: { kind: 'position', text: '0/1' },
        },
      ).then(
        () => 'found',
        (error: unknown) => (error as LifeboatError).hint,
      );
    expect(await hintOf(ids[1])).toMatch(/An older point is there: leave --point out/);
    expect(await hintOf(ids[0])).toMatch(/No older point is there either: lifeboat points docs/);
    expect(await hintOf(undefined)).toBeUndefined();
  });
});
