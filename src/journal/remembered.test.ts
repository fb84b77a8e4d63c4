import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import { openJournal, type Journal } from './index.ts';
import { appendMany } from './testing/many-records.ts';

let folder: string;
let own: string;
const open = (file = own): Journal => openJournal(file, { clock: systemClock, host: 'here' });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-remembered-'));
  own = join(folder, 'journal.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const many = 10_000;

/** A journal of months, in its file. */
function fill(file: string, word: string): void {
  open(file).close();
  const records = Array.from({ length: many }, (_, n) => {
    const intent = n % 2 === 0 ? {} : { intent: n };
    return { atMs: n, kind: n % 2 === 0 ? 'backup.started' : 'backup.finished', data: { word, ...intent } };
  });
  appendMany(file, records);
}

describe('what stores bring back', () => {
  it(`of ${many} records of our own and of another machine costs no look at all of them for each`, () => {
    const other = join(folder, 'other.db');
    fill(own, 'ours');
    fill(other, 'theirs');
    const journal = open();
    const theirs = open(other);
    const rows = theirs.rows(0, many);
    expect(rows).toHaveLength(many);
    const before = process.cpuUsage();
    expect(journal.remember('ours', journal.rows(0, many))).toBe(0);
    expect(journal.remember('theirs', rows)).toBe(many);
    expect(journal.remember('theirs', rows)).toBe(0);
    const told = journal.records({ kinds: ['backup.finished'], others: true });
    const { user, system } = process.cpuUsage(before);
    // A fifth of a second; where each looks at all others it is six.
    expect((user + system) / 1e6).toBeLessThan(2);
    // What a record says of another one of its chain, it says still.
    const [first] = journal.records({ kinds: ['backup.started'], others: true });
    expect(told[0]?.data).toEqual({ word: 'theirs', intent: first?.sequence });
    expect(journal.verify().records).toBe(many);
    theirs.close();
    journal.close();
  });

  it('is found as quickly in a journal that an earlier program made', () => {
    open().close();
    const index = "select name from sqlite_schema where type = 'index' and name = 'remembered_by_sequence'";
    const database = new DatabaseSync(own);
    database.exec('drop index remembered_by_sequence');
    database.close();
    open().close();
    const again = new DatabaseSync(own);
    expect(again.prepare(index).all()).toHaveLength(1);
    again.close();
  });
});
