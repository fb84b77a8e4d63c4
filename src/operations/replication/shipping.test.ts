import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { beginning, hostIdentity } from '../../journal/index.ts';
import { backup, listPoints, rebuild, restore, shipJournal, verify, type PointList } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { changed, withWorkspaceOf } from '../testing/workspace.ts';

const seen = ({ points }: PointList): unknown =>
  points.map(({ point, since, verifiedMs, provenMs }) => ({ id: point.id, since, verifiedMs, provenMs }));

const piecesOf = async (store: string): Promise<string[]> =>
  (await readdir(join(store, 'journal'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();

describe('the journal in the stores', () => {
  it('brings back on an empty machine what was verified and proven, as it was', async () => {
    await withCopies(async (workspace, folder) => {
      await backup(workspace, 'docs');
      await verify(workspace, { assets: [], everything: false });
      await restore(workspace, { asset: 'docs', target: join(folder, 'out'), start: false, stay: false });
      expect(await shipJournal(workspace, ['near', 'far'])).toMatchObject({ failures: [], shipped: [{}, {}] });
      const before = seen(await listPoints(workspace, 'docs'));
      const records = workspace.journal.records().length;
      await rm(join(folder, 'near'), { recursive: true });
      await rm(join(folder, 'state'), { recursive: true });
      await withWorkspaceOf(folder, async (empty) => {
        expect((await listPoints(empty, 'docs')).points[0]).toMatchObject({
          verifiedMs: undefined,
          provenMs: undefined,
        });
        const { rebuilt, failures } = await rebuild(empty, ['near', 'far']);
        expect(failures).toMatchObject([{ code: 'store.unreachable' }]);
        expect(rebuilt).toMatchObject([{ store: 'far', chains: [{ records, added: records }], damage: [] }]);
        expect(seen(await listPoints(empty, 'docs'))).toEqual(before);
        expect((await rebuild(empty, ['far'])).rebuilt[0]?.chains[0]?.added).toBe(0);
        // What one machine began is not taken for this one's own.
        expect(empty.journal.records({ kinds: ['restore.started'], own: true })).toEqual([]);
        const [started] = empty.journal.records({ kinds: ['restore.started'] });
        expect(empty.journal.records({ kinds: ['restore.finished'] })[0]?.data['intent']).toBe(started?.sequence);
      });
    });
  });

  it('is shipped piece by piece, once each, and what a store missed follows', async () => {
    await withCopies(async (workspace, folder) => {
      workspace.journal.append('note', { n: 1 });
      await shipJournal(workspace, ['near']);
      expect((await shipJournal(workspace, ['near'])).shipped).toEqual([{ store: 'near', records: 0 }]);
      workspace.journal.append('note', { n: 2 });
      expect((await shipJournal(workspace, ['near', 'far'])).shipped).toEqual([
        { store: 'near', records: 1 },
        { store: 'far', records: 2 },
      ]);
      expect(await piecesOf(join(folder, 'near'))).toHaveLength(2);
      const { damage } = await (await workspace.repository('near')).verify({ depth: 'everything' });
      expect(damage).toEqual([]);
    });
  });

  it('that was changed, cut out or exchanged is named, and what stands before it is believed', async () => {
    await withCopies(async (workspace, folder) => {
      for (let n = 0; n < 3; n += 1) {
        workspace.journal.append('note', { n });
        await shipJournal(workspace, ['near']);
      }
      const pieces = await piecesOf(join(folder, 'near'));
      const [first, second, third] = pieces as [string, string, string];
      const whole = await readFile(second);
      const look = async (): Promise<unknown> => (await rebuild(workspace, ['near'])).rebuilt[0];
      await rm(second);
      expect(await look()).toMatchObject({
        chains: [{ records: 1 }],
        damage: [{ kind: 'journal', code: 'repository.incomplete' }],
      });
      const bytes = Buffer.from(whole);
      bytes[60] = (bytes[60] as number) ^ 1;
      await writeFile(second, bytes);
      expect(await look()).toMatchObject({ damage: [{ object: second.slice(join(folder, 'near').length + 1) }, {}] });
      await rm(second);
      await cp(third, second);
      expect(await look()).toMatchObject({ chains: [{ records: 1 }], damage: [{ code: 'repository.damaged' }, {}] });
      await rm(second);
      await writeFile(second, whole);
      expect(await look()).toMatchObject({ chains: [{ records: 3 }], damage: [] });
      await rm(first);
      expect(await look()).toMatchObject({ chains: [{ records: 0 }], damage: [{ code: 'repository.incomplete' }] });
    });
  });

  it('signed by another than its own host is refused', async () => {
    await withCopies(async (workspace, folder) => {
      workspace.journal.append('note', {});
      const repository = await workspace.repository('near');
      const own = hostIdentity(join(folder, 'state'));
      const other = hostIdentity(join(folder, 'docs'));
      const rows = workspace.journal.rows(0, 10);
      await repository.putJournal({ ...own, sign: other.sign }, { host: 'here', previous: beginning, rows });
      const { chains, damage } = await repository.journals();
      expect([chains, damage]).toMatchObject([[], [{ what: expect.stringContaining('not signed by the host') }]]);
    });
  });

  it('of a state folder that was copied or put back is told from the first story, and goes on as a new chain', async () => {
    await withCopies(async (workspace, folder) => {
      workspace.journal.append('note', { story: 'common' });
      await shipJournal(workspace, ['near']);
      await cp(join(folder, 'state'), join(folder, 'saved'), { recursive: true });
      workspace.journal.append('note', { story: 'one' });
      await shipJournal(workspace, ['near']);
      await rm(join(folder, 'state'), { recursive: true });
      await cp(join(folder, 'saved'), join(folder, 'state'), { recursive: true });
      await withWorkspaceOf(folder, async (twin) => {
        twin.journal.append('note', { story: 'other' });
        expect(await shipJournal(twin, ['near'])).toMatchObject({ failures: [] });
        expect(twin.journal.records({ kinds: ['journal.forked'] })).toHaveLength(1);
        const { rebuilt } = await rebuild(twin, ['near']);
        expect(rebuilt).toMatchObject([{ chains: [{}, {}], damage: [] }]);
        const stories = twin.journal.records({ kinds: ['note'] }).map(({ data }) => data['story']);
        expect(stories.toSorted()).toEqual(['common', 'one', 'other']);
      });
    });
  });

  it('is put together where it has many small pieces, and says the same', async () => {
    await withCopies(async (workspace, folder) => {
      const near = join(folder, 'near');
      for (let n = 0; n < limits.journalPiecesMax; n += 1) {
        workspace.journal.append('note', { n });
        await shipJournal(workspace, ['near']);
      }
      expect(await piecesOf(near)).toHaveLength(1);
      workspace.journal.append('note', { last: true });
      await shipJournal(workspace, ['near']);
      const repository = await workspace.repository('near');
      const { chains, damage } = await repository.journals();
      expect(damage).toEqual([]);
      expect(chains[0]?.rows).toEqual(workspace.journal.rows(0, 1_000));
      expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    });
  });

  it('killed while pieces are put together, or kept by the store all the same, is believed once', async () => {
    let keeps = true;
    const keeping = (store: Store): Store =>
      changed(store, {
        remove: async (name) => {
          if (keeps && name.startsWith('journal/')) throw new LifeboatError('store.denied', 'no right to delete');
          await store.remove(name);
        },
      });
    await withCopies(async (workspace, folder) => {
      for (let n = 0; n < limits.journalPiecesMax; n += 1) {
        workspace.journal.append('note', { n });
        expect((await shipJournal(workspace, ['near'])).failures).toEqual([]);
      }
      expect(await piecesOf(join(folder, 'near'))).toHaveLength(limits.journalPiecesMax + 1);
      keeps = false;
      const { chains, damage } = await (await workspace.repository('near')).journals();
      expect([chains[0]?.rows, damage]).toEqual([workspace.journal.rows(0, 1_000), []]);
    }, keeping);
  });

  it('cut at its end is noticed by the machine that shipped it, and by whoever compares the stores', async () => {
    await withCopies(async (workspace, folder) => {
      for (let n = 0; n < 3; n += 1) {
        workspace.journal.append('note', { n });
        await shipJournal(workspace, ['near', 'far']);
      }
      await rm((await piecesOf(join(folder, 'near'))).at(-1) as string);
      const { rebuilt, unequal } = await rebuild(workspace, ['near', 'far']);
      expect(rebuilt.flatMap(({ damage }) => damage)).toEqual([]);
      expect(unequal).toMatchObject([{ records: { near: 2, far: 3 }, forkedAt: undefined }]);
      await shipJournal(workspace, ['near']);
      const told = workspace.journal.records({ kinds: ['journal.cut'] });
      expect(told.map(({ data }) => [data['from'], data['to']])).toEqual([[3, 3]]);
      await shipJournal(workspace, ['near', 'far']);
      expect((await rebuild(workspace, ['near', 'far'])).unequal).toEqual([]);
    });
  });

  it('harmed in one byte, cut or emptied is named by a verification, and harms no point', async () => {
    await withCopies(async (workspace, folder) => {
      await backup(workspace, 'docs');
      await shipJournal(workspace, ['near']);
      const [piece] = await piecesOf(join(folder, 'near'));
      const bytes = await readFile(piece as string);
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] as number) ^ 4;
      for (const harmed of [
        flipped,
        bytes.subarray(0, bytes.length - 9),
        Buffer.alloc(0),
        Buffer.concat([bytes, bytes]),
      ]) {
        await rm(piece as string);
        await writeFile(piece as string, harmed);
        const repository = await workspace.repository('near');
        const { damage, sound } = await repository.verify({ depth: 'everything' });
        expect(damage).toMatchObject([{ kind: 'journal', code: 'repository.damaged', points: [] }]);
        expect(sound).toHaveLength(1);
      }
    });
  });

  it('brings back runs that another machine made, and an index gives back packs that lost theirs', async () => {
    await withCopies(async (workspace, folder) => {
      await backup(workspace, 'docs');
      const snapshot = { scenario: 'lost', snapshot: { steps: [] }, incident: { impactMs: 1, declaredMs: 1 } };
      workspace.journal.append('run.started', snapshot, { run: 'r1' });
      workspace.journal.append('run.finished', { verdict: 'done' }, { run: 'r1' });
      await shipJournal(workspace, ['near']);
      for (const name of await readdir(join(folder, 'near', 'index'))) await rm(join(folder, 'near', 'index', name));
      await rm(join(folder, 'state'), { recursive: true });
      await withWorkspaceOf(folder, async (empty) => {
        const { rebuilt } = await rebuild(empty, ['near']);
        expect(rebuilt).toMatchObject([{ indexedPacks: 1 }]);
        expect(empty.journal.records({ run: 'r1' }).map(({ kind }) => kind)).toEqual(['run.started', 'run.finished']);
        expect(await readdir(join(folder, 'near', 'index'))).not.toEqual([]);
        expect((await verify(empty, { assets: [], everything: true })).results[0]).toMatchObject({ ok: true });
      });
    });
  });

  it('left behind by a store that is away is no failure of the work', async () => {
    await withCopies(async (workspace, folder) => {
      workspace.journal.append('note', {});
      await rm(join(folder, 'far'), { recursive: true });
      const { shipped, failures } = await shipJournal(workspace, ['far', 'near']);
      expect(shipped).toEqual([{ store: 'near', records: 1 }]);
      expect(failures[0]).toBeInstanceOf(LifeboatError);
    });
  });
});
