import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Asset, RecoveryTarget, Replay, ReplayBase } from '../../assets/index.ts';
import { backup, type RestoreRequest, type Workspace } from '../index.ts';
import { withWorkspace } from '../testing/workspace.ts';
import { chooseReadable } from './choose-readable.ts';

/** Of an asset with two points and a log that leads from the older one. */
async function withLog(
  work: (
    choose: (words: Partial<RestoreRequest>) => ReturnType<typeof chooseReadable>,
    asked: string[],
  ) => Promise<void>,
): Promise<void> {
  await withWorkspace(async (opened, folder) => {
    const asked: string[] = [];
    for (const word of ['one', 'two']) {
      await writeFile(join(folder, 'docs', 'word'), word);
      await backup(opened, 'docs');
    }
    const log = {
      baseOf: () => ({ source: 'docs', timeline: 1, start: 0n, end: 1n }),
      planReplay: async (_log: unknown, bases: readonly ReplayBase[], target: RecoveryTarget) => {
        asked.push(target.kind);
        const end = { timeline: 1, position: 0n };
        const replay = {
          base: bases[0]?.id,
          reachableMs: undefined,
          end,
          endings: [],
          later: [],
          tooNew: asked,
          close: async () => {},
        };
        return replay as unknown as Replay;
      },
    };
    const asset = { name: 'docs', log } as unknown as Asset;
    const workspace: Workspace = {
      ...opened,
      asset: () => asset,
      repository: (store: string) => opened.repository(store),
      place: (store: string) => opened.place(store),
    };
    await work(
      (words) => chooseReadable(workspace, { asset: 'docs', target: '', stay: false, start: false, ...words }),
      asked,
    );
  });
}

describe('the point a restore starts from', () => {
  it('is brought along the log where somebody says so, though the point was named: `now` too, which holds unless stated', async () => {
    await withLog(async (choose, asked) => {
      const { choice } = await choose({});
      asked.length = 0;
      expect((await choose({ point: choice.point.id })).replay).toBeUndefined();
      expect(asked).toEqual([]);
      expect((await choose({ point: choice.point.id, recover: { kind: 'now' } })).replay).toBeDefined();
      expect(asked).toContain('now');
    });
  });

  it('is not called named where the log chose it', async () => {
    const reasonsOf = async (chosen: ReturnType<typeof chooseReadable>): Promise<string[]> => [
      ...new Set((await chosen).choice.rejected.map(({ reason }) => reason)),
    ];
    await withLog(async (choose) => {
      expect(await reasonsOf(choose({}))).toEqual(['the log does not lead from it to what was asked for']);
      const { choice } = await choose({});
      expect(await reasonsOf(choose({ point: choice.point.id }))).toEqual(['another point was named']);
    });
  });

  it('is not said to lead nowhere where it was only taken too late', async () => {
    await withLog(async (choose, asked) => {
      const [newer] = (await choose({})).choice.rejected;
      asked.push(newer?.id ?? '');
      expect((await choose({})).choice.rejected).toMatchObject([{ reason: 'it was taken after what was asked for' }]);
    });
  });

  it('is not missing where the store is no store of the plan', async () => {
    await withLog(async (choose) => {
      const words = choose({ store: 'fra' }).catch((error: unknown) => error);
      expect(await words).toMatchObject({ code: 'plan.unknown_name', hint: 'It has: near, far.' });
    });
  });
});
