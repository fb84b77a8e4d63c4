import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, Secret, systemClock } from '../core/index.ts';
import { openJournal, type Journal } from './index.ts';

let folder: string;
let file: string;
const open = (): Journal => openJournal(file, { clock: systemClock, host: 'here' });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-journal-'));
  file = join(folder, 'journal.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the journal', () => {
  it('gives back what was added, in order, without gaps, also after it is opened again', () => {
    const clock = new ManualClock(1000);
    const journal = openJournal(file, { clock, host: 'here' });
    const first = journal.append('backup.started', { asset: 'shop', n: [1, { b: 2, a: null }] }, { run: 'r1' });
    expect(first).toMatchObject({ sequence: 1, atMs: 1000, kind: 'backup.started', run: 'r1' });
    const second = journal.append('note', {});
    expect(second).toMatchObject({ sequence: 2, run: undefined, data: {} });
    journal.close();
    const again = open();
    expect(again.records()).toEqual([first, second]);
    expect(again.verify()).toEqual({ records: 2, head: second.hash });
    again.close();
  });

  it('finds records by run, by kind and after a number', () => {
    const journal = open();
    for (const kind of ['backup.started', 'backup.finished', 'step.started']) journal.append(kind, {}, { run: kind });
    const found = (filter: Parameters<Journal['records']>[0]): number[] =>
      journal.records(filter).map(({ sequence }) => sequence);
    expect(found({ kinds: ['backup.*'] })).toEqual([1, 2]);
    expect(found({ kinds: ['backup.finished', 'step.started'] })).toEqual([2, 3]);
    expect(found({ kinds: [] })).toEqual([]);
    expect(found({ run: 'step.started' })).toEqual([3]);
    expect(found({ after: 1, kinds: ['backup.*'] })).toEqual([2]);
    expect(found({ before: 3 })).toEqual([1, 2]);
    expect(found({ before: 4, most: 2 })).toEqual([2, 3]);
    expect(found({ before: 3, kinds: ['backup.*'], most: 1 })).toEqual([2]);
    journal.close();
  });

  it('keeps any JSON as it is, and its chain verifies', () => {
    const journal = open();
    const data = dictionary(string(), jsonValue());
    assert(
      property(data, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
        expect(journal.append('any', plain).data).toEqual(plain);
        expect(journal.records().at(-1)?.data).toEqual(plain);
      }),
      { numRuns: 40 },
    );
    expect(journal.verify().records).toBe(journal.records().length);
    journal.close();
  });

  it('holds no secret, not even in its file', () => {
    const secret = new Secret('correct-horse-battery');
    const journal = open();
    journal.append('note', { said: `login ${secret.reveal()}`, deep: [{ [secret.reveal()]: secret }] });
    expect(JSON.stringify(journal.records())).not.toContain('correct-horse');
    journal.close();
    const database = new DatabaseSync(file);
    expect(JSON.stringify(database.prepare('select * from records').all())).not.toContain('correct-horse');
    database.close();
  });

  it('refuses to change, remove, replace or skip a record', () => {
    const journal = open();
    for (let n = 0; n < 3; n += 1) journal.append('note', { n });
    const database = new DatabaseSync(file);
    const values = `(?, 0, 'h', 'k', null, '{}', 'x')`;
    for (const sql of [
      `update records set kind = 'other' where sequence = 2`,
      'delete from records where sequence = 3',
      `replace into records values ${values.replace('?', '2')}`,
      `insert into records values ${values.replace('?', '9')}`,
      'update head set sequence = 2',
      'delete from head',
    ]) {
      expect(() => database.exec(sql), sql).toThrow('only added to');
    }
    database.close();
    expect(journal.verify().records).toBe(3);
    journal.close();
  });

  it.each([
    ['an edited text', `update records set data = '{"n":7}' where sequence = 2`, 2],
    ['an edited time', 'update records set at_ms = at_ms + 1 where sequence = 2', 2],
    ['an edited host', `update records set host = 'x' where sequence = 2`, 2],
    ['an edited run', `update records set run = 'x' where sequence = 2`, 2],
    ['an edited hash', `update records set hash = 'x' where sequence = 2`, 2],
    ['a removed record', 'delete from records where sequence = 2', 2],
    ['a removed first record', 'delete from records where sequence = 1', 1],
    ['a removed last record', 'delete from records where sequence = 4', 4],
    ['every record removed', 'delete from records', 1],
    [
      'two records exchanged',
      'update records set sequence = 9 where sequence = 2; update records set sequence = 2 where sequence = 3; update records set sequence = 3 where sequence = 9',
      2,
    ],
    [
      'a record closed up',
      'delete from records where sequence = 2; update records set sequence = sequence - 1 where sequence > 2',
      2,
    ],
  ])('finds %s', (_, sql, at) => {
    const journal = open();
    for (let n = 0; n < 4; n += 1) journal.append('note', { n }, { run: 'r' });
    expect(journal.verify().records).toBe(4);
    tamper(sql);
    expect(() => journal.verify()).toThrow(expect.objectContaining({ code: 'journal.damaged' }));
    expect(() => journal.verify()).toThrow(`record ${at} `);
    journal.close();
  });

  it('finds a journal that was cut with its head, or replaced, by a head known from elsewhere', () => {
    const journal = open();
    for (let n = 0; n < 4; n += 1) journal.append('note', { n });
    const known = journal.verify();
    const [, , third] = journal.records();
    journal.append('note', {});
    expect(journal.verify(known).records).toBe(5);
    tamper(`delete from records where sequence > 3; update head set sequence = 3, hash = '${third?.hash}'`);
    expect(journal.verify().records).toBe(3);
    expect(() => journal.verify(known)).toThrow('record 4 ');
    for (let n = 0; n < 3; n += 1) journal.append('other', { n });
    expect(() => journal.verify(known)).toThrow('record 4 ');
    journal.close();
  });

  it('says that a record is damaged when it cannot be read', () => {
    const journal = open();
    journal.append('note', {});
    tamper(`update records set data = '{'`);
    expect(() => journal.records()).toThrow(expect.objectContaining({ code: 'journal.damaged' }));
    journal.close();
  });

  it('says that a file is no journal, and that a folder is missing', () => {
    writeFileSync(file, 'no database at all, but long enough to be read as one'.repeat(40));
    expect(open).toThrow(expect.objectContaining({ code: 'journal.damaged' }));
    file = join(folder, 'none', 'journal.db');
    expect(open).toThrow(expect.objectContaining({ code: 'input.file' }));
  });

  it('takes records of several processes at once, each whole, in one chain', async () => {
    const children = Array.from({ length: 4 }, (_, n) => appender(n, 50));
    for (const { ended } of children) expect(await ended).toBe(0);
    const journal = open();
    expect(journal.verify().records).toBe(200);
    for (let n = 0; n < 4; n += 1) {
      const own = journal.records({ run: `process ${n}` }).map(({ data }) => data['n']);
      expect(own).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
    journal.close();
  });

  it('killed at any instant, it has lost no acknowledged record and its chain verifies', async () => {
    for (const [n, afterMs] of [1, 20, 60].entries()) {
      const one = appender(n, 100_000);
      await once(one.child.stdout, 'data');
      setTimeout(() => one.child.kill('SIGKILL'), afterMs);
      await one.ended;
      const journal = open();
      journal.verify();
      const kept = journal.records({ run: `process ${n}` }).length;
      const acknowledged = one.said().split('\n').length - 1;
      expect(acknowledged).toBeGreaterThan(0);
      expect(kept).toBeGreaterThanOrEqual(acknowledged);
      expect(kept).toBeLessThanOrEqual(acknowledged + 1);
      journal.close();
    }
  });
});

/** Changes the file as somebody would who means to: without the triggers. */
function tamper(sql: string): void {
  const database = new DatabaseSync(file);
  const triggers = database.prepare("select name, sql from sqlite_schema where type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`drop trigger ${name}`);
  database.exec(sql);
  for (const trigger of triggers) database.exec(String(trigger['sql']));
  database.close();
}

function appender(n: number, records: number) {
  const script = `
    const { openJournal } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const { systemClock } = await import(${JSON.stringify(new URL('../core/index.ts', import.meta.url).href)});
    const { writeSync } = await import('node:fs');
    const journal = openJournal(${JSON.stringify(file)}, { clock: systemClock, host: 'child' });
    for (let n = 0; n < ${records}; n += 1) {
      journal.append('note', { n }, { run: 'process ${n}' });
      writeSync(1, n + '\\n');
    }
    journal.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  return { child, said: () => said, ended: once(child, 'close').then(([code]) => code as number | null) };
}
