import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Asset } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import { backupEverywhere, type Workspace } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { choosePoint } from './choose-point.ts';
import { chooseReplay } from './choose-replay.ts';

it('a target that no store that answers holds is refused with who did not answer: it may be there', async () => {
  await withCopies(async (workspace, folder) => {
    const log = {
      baseOf: () => ({ source: 's', timeline: 1, start: 0n, end: 1n }),
      planReplay: async () => {
        throw new LifeboatError('restore.unknown_target', 'the log holds no restore point "before"', { hint: 'none' });
      },
    };
    await writeFile(join(folder, 'docs', 'one'), 'one');
    await backupEverywhere(workspace, 'docs');
    const refusal = (isAway: boolean, store?: string): Promise<unknown> => {
      const changed: Workspace = {
        ...workspace,
        asset: (name) =>
          new Proxy(workspace.asset(name), {
            get: (of, key) => (key === 'log' ? log : Reflect.get(of, key, of)),
          }) as Asset,
        repository: async (name) => {
          if (isAway && name === 'far') throw new LifeboatError('store.unreachable', 'far is away');
          return workspace.repository(name);
        },
      };
      return chooseReplay(changed, {
        asset: 'docs',
        target: folder,
        start: false,
        stay: false,
        recover: { kind: 'name', text: 'before' },
        ...(store === undefined ? {} : { store }),
      }).catch((error: unknown) => error);
    };
    const message = 'the log holds no restore point "before"';
    expect(await refusal(false)).toMatchObject({ message });
    expect(await refusal(true)).toMatchObject({
      code: 'restore.unknown_target',
      message: `${message}. It may be in far, which did not answer`,
      hint: 'none',
    });
    expect(await refusal(true, 'near')).toMatchObject({ message });
  });
});

it('a point that is not there, or none so early, is refused with the store that did not answer', async () => {
  await withCopies(async (workspace, folder) => {
    const away = (store: string): Workspace => ({
      ...workspace,
      repository: async (name) => {
        if (name === store) throw new LifeboatError('store.unreachable', `${name} is away`);
        return workspace.repository(name);
      },
    });
    const refusal = (from: Workspace, atMs?: number): Promise<unknown> =>
      choosePoint(from, {
        asset: 'docs',
        target: folder,
        start: false,
        stay: false,
        ...(atMs === undefined ? {} : { atMs }),
      }).catch((error: unknown) => error);
    expect(await refusal(away('far'))).toMatchObject({
      code: 'point.none',
      message: 'docs has no recovery point. It may be in far, which did not answer',
      hint: 'Take one: lifeboat backup docs',
    });
    await writeFile(join(folder, 'docs', 'one'), 'one');
    await backupEverywhere(workspace, 'docs');
    expect(await refusal(away('far'), 1)).toMatchObject({
      code: 'restore.unreachable_target',
      message: expect.stringMatching(/ reaches back to 1970.*\. It may be in far, which did not answer$/),
    });
    expect(await refusal(workspace, 1)).toMatchObject({ message: expect.stringMatching(/Z$/) });
  });
});
