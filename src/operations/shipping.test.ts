import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LifeboatError } from '../core/index.ts';
import { beginning, hostIdentity } from '../journal/index.ts';
import { backup, listPoints, rebuild, restore, shipJournal, verify, type PointList } from './index.ts';
import { withCopies } from './testing/copies.ts';
import { withWorkspaceOf } from './testing/workspace.ts';

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
