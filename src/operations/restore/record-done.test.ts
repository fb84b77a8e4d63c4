import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import { backupEverywhere, restore } from '../index.ts';
import { withCopies } from '../testing/copies.ts';

it('a restore that is whole and cannot be written down has not failed: it says that it proves nothing later', async () => {
  await withCopies(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'text');
    await backupEverywhere(workspace, 'docs');
    const journal: Journal = new Proxy(workspace.journal, {
      get: (of, name) => {
        const member = Reflect.get(of, name, of) as unknown;
        if (name !== 'append') return typeof member === 'function' ? member.bind(of) : member;
        return (kind: string, ...rest: [Record<string, unknown>]) => {
          if (kind === 'restore.started') return of.append(kind, ...rest);
          throw new LifeboatError('disk.full', 'the disk of the journal is full');
        };
      },
    });
    const target = join(folder, 'restored');
    const { warnings } = await restore({ ...workspace, journal }, { asset: 'docs', target, start: false, stay: false });
    expect(warnings).toEqual([expect.stringMatching(/done.*proves nothing later: the disk of the journal is full/)]);
    expect(await readFile(join(target, 'one'), 'utf8')).toBe('text');
  });
});

it('a restore that is killed when it has handed over is not called failed later: what it restored was checked and stands there', async () => {
  await withCopies(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'text');
    await backupEverywhere(workspace, 'docs');
    const killed: Journal = new Proxy(workspace.journal, {
      get: (of, name) => {
        const member = Reflect.get(of, name, of) as unknown;
        if (name !== 'append') return typeof member === 'function' ? member.bind(of) : member;
        return (kind: string, ...rest: [Record<string, unknown>]) => {
          if (kind === 'restore.finished') throw new LifeboatError('disk.full', 'nothing is written any more');
          return of.append(kind, ...rest);
        };
      },
    });
    const target = join(folder, 'restored');
    const request = { asset: 'docs', target, start: false, stay: false };
    await restore({ ...workspace, journal: killed }, request);
    const ends = (): unknown[] =>
      workspace.journal
        .records({ kinds: ['restore.failed', 'restore.interrupted', 'restore.finished'] })
        .map(({ kind, data }) => [kind, data['target'], data['reason']]);
    for (let again = 0; again < 2; again += 1) {
      await expect(restore(workspace, request)).rejects.toMatchObject({ code: 'restore.target_not_empty' });
      expect(ends()).toEqual([
        ['restore.interrupted', target, expect.stringMatching(/had handed over what it had restored and checked/)],
      ]);
    }
  });
});
