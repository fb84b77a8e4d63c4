import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import { backupEverywhere, restore } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { removeLeftovers, stagingOf } from './staging.ts';

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

it('a file has two names while it is handed over: a restore that is killed between has handed over when both are the same file, and only then', async () => {
  await withCopies(async (workspace, folder) => {
    const killed = async (name: string, isLinked: boolean): Promise<unknown[]> => {
      const target = join(folder, 'restored', name);
      const staging = stagingOf(target, workspace.clock);
      await writeFile(staging, 'a database');
      await (isLinked ? link(staging, target) : writeFile(target, 'a database of somebody else'));
      const intent = workspace.journal.append('restore.started', { asset: 'docs', target, staging }).sequence;
      workspace.journal.append('restore.checked', { intent, asset: 'docs', target });
      await removeLeftovers(workspace, target);
      const ends = workspace.journal.records({ kinds: ['restore.failed', 'restore.interrupted'] });
      return ends.flatMap(({ kind, data }) => (data['intent'] === intent ? kind : []));
    };
    await mkdir(join(folder, 'restored'));
    expect(await killed('ours', true)).toEqual(['restore.interrupted']);
    expect(await killed('theirs', false)).toEqual(['restore.failed']);
    expect((await readdir(join(folder, 'restored'))).toSorted()).toEqual(['ours', 'theirs']);
    expect(await readFile(join(folder, 'restored', 'ours'), 'utf8')).toBe('a database');
  });
});
