import { DatabaseSync } from 'node:sqlite';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { Place, type Answer } from './lifeboat.ts';

/** A folder, a database and a store, and nothing more. */
export const smallPlan = `
lifeboat: 1
plan: bad-input
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets:
  docs: { type: files, path: ./docs, domain: here }
  notes: { type: sqlite, path: ./notes.db, domain: here }
`;

/** A place with the sources of that plan. Removing it is the caller's. */
export async function smallPlace(): Promise<Place> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const place = await Place.make(smallPlan);
  await mkdir(place.path('docs'));
  await writeFile(place.path('docs', 'a.txt'), 'first words\n'.repeat(2000));
  await writeFile(place.path('docs', 'b.txt'), 'other words\n'.repeat(3000));
  const notes = new DatabaseSync(place.path('notes.db'));
  notes.exec('create table notes (id integer primary key, text text); insert into notes (text) values (1), (2)');
  notes.close();
  return place;
}

/** With a repository and a first point of everything. */
export async function prepare(place: Place): Promise<void> {
  expect((await place.run('store', 'init')).exitCode).toBe(0);
  expect((await place.run('backup')).exitCode).toBe(0);
}

/** Expects that code, told in words and without a stack trace. */
export function expectError(answer: Answer, exitCode: number, code: string): void {
  const error = (answer.json['error'] ?? {}) as { code?: string; message?: string };
  expect({ exitCode: answer.exitCode, code: error.code }, answer.stdout + answer.stderr).toEqual({ exitCode, code });
  expect(error.message?.length).toBeGreaterThan(10);
  expect(answer.stdout + answer.stderr).not.toMatch(/\n\s+at .*\.ts:\d+/);
}
