import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frame, LivePlace } from './testing/live-place.ts';

const plan = (more: string): string =>
  `${frame}assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }\n${more}\n`;

describe('check --live: programs, documents, the machine and its days', () => {
  let place: LivePlace;
  beforeEach(async () => {
    place = await LivePlace.make(plan(''));
    await place.makeFolder('docs');
    await mkdir(place.path('scripts'));
    await writeFile(place.path('scripts/restore.sh'), 'touch acted\n', { mode: 0o644 });
  });
  afterEach(() => place.remove());

  const said = async (code: string, more: string): Promise<string[]> => {
    await place.write(plan(more));
    return place.said(code);
  };
  const step = (words: string): string =>
    `scenarios: { gone: { loses: { domains: [here] }, steps: [{ id: act, exec: ${words} }] } }`;

  it('live.program_missing: not on the PATH, not at its path, or not executable; and nothing is executed', async () => {
    const missing = (words: string): Promise<string[]> => said('live.program_missing', step(words));
    expect(await missing('[sh, -c, "true"]')).toEqual([]);
    expect(await missing('[no-such-program-at-all]')).toEqual([
      'the step act runs no-such-program-at-all, which is not on the PATH',
    ]);
    expect(await missing('[./scripts/gone.sh]')).toEqual(['the step act runs ./scripts/gone.sh, which is not there']);
    expect(await missing('[./scripts/restore.sh]')).toEqual([
      'the step act runs ./scripts/restore.sh, which this user may not execute',
    ]);
    await chmod(place.path('scripts/restore.sh'), 0o755);
    expect(await missing('[./scripts/restore.sh]')).toEqual([]);
    expect(existsSync(place.path('acted'))).toBe(false);
  });

  it('live.program_missing: the script that is handed to an interpreter, in the folder where it starts', async () => {
    const missing = (words: string): Promise<string[]> => said('live.program_missing', step(words));
    expect(await missing('[sh, scripts/restore.sh]')).toEqual([]);
    expect(await missing('{ run: [sh, restore.sh], cwd: scripts }')).toEqual([]);
    expect(await missing('[sh, restore.sh]')).toEqual(['the step act runs restore.sh, which is not there']);
  });

  it('live.program_missing: programs of checks, too', async () => {
    const service = 'services: { wiki: { needs: [docs], health: [{ command: [no-such-probe] }] } }';
    expect(await said('live.program_missing', service)).toEqual([
      'the health of wiki runs no-such-probe, which is not on the PATH',
    ]);
  });

  it('live.document_missing: what is beside the plan; a script must be executable', async () => {
    const documents = `documents:
  book: { kind: runbook, path: ./runbook.md }
  script: { kind: script, path: ./scripts/restore.sh }
  elsewhere: { kind: runbook, path: ./runbook.md, host: wiki.example }`;
    expect(await said('live.document_missing', documents)).toEqual([
      'book: ./runbook.md is not there',
      'script: ./scripts/restore.sh may not be executed by this user',
    ]);
    await writeFile(place.path('runbook.md'), '# Do this');
    await chmod(place.path('scripts/restore.sh'), 0o755);
    expect(await said('live.document_missing', documents)).toEqual([]);
  });

  it('live.state_folder: where it cannot be made, and where a copy of a database does not fit', async () => {
    expect(await place.said('live.state_folder')).toEqual([]);
    await writeFile(place.path('a-file'), '');
    const [cannot] = await place.said('live.state_folder', { stateFolder: place.path('a-file/state') });
    expect(cannot).toContain('cannot be used');
    const database = new DatabaseSync(place.path('large.db'));
    database.exec('create table numbers (number integer)');
    database.close();
    // A hole behind the last page: it has the size, and takes no room.
    await truncate(place.path('large.db'), 8 * 2 ** 40);
    await place.write(plan('').replace('type: files, path: ./docs', 'type: sqlite, path: ./large.db'));
    const [full] = await place.said('live.state_folder');
    expect(full).toMatch(/ free, and the journal and a copy of docs may take 9\.\d TB/);
  });

  it('live.asset_unreachable: a folder that is not there; live.asset_unsupported: a file that is no database', async () => {
    await place.write(plan('').replace('./docs', './nowhere'));
    expect(await place.codes()).toContain('7 live.asset_unreachable');
    await writeFile(place.path('text.db'), 'this is no database, however long it is; it is a text');
    await place.write(plan('').replace('type: files, path: ./docs', 'type: sqlite, path: ./text.db'));
    expect(await place.codes()).toContain('7 live.asset_unsupported');
  });

  it('live.unknown: an asset of a kind that nothing can protect yet', async () => {
    await place.write(plan('').replace('type: files, path: ./docs', 'type: dns, zone: shop.example, provider: any'));
    expect(await place.said('live.unknown')).toEqual([
      'docs was not asked: assets of type dns cannot be protected yet',
    ]);
  });

  it('live.due_soon: reviews and waivers that end within two weeks', async () => {
    const day = (fromNow: number): string => new Date(Date.now() + fromNow * 86_400_000).toISOString().slice(0, 10);
    const days = (review: number, waiver: number): string =>
      `review: { next: ${day(review)} }\nwaivers: [{ rule: people.no_backup, why: hiring, until: ${day(waiver)} }]`;
    expect(await said('live.due_soon', days(10, 5))).toEqual([
      expect.stringMatching(/^the next review is due on 20..-..-.., in (9|10) days/),
      expect.stringMatching(/^the waiver of people\.no_backup ends on 20..-..-.., in (4|5) days/),
    ]);
    expect(await said('live.due_soon', days(30, 30))).toEqual([]);
  });
});
