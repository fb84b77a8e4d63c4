import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret, systemClock } from '../src/core/index.ts';
import { createRepository } from '../src/repository/index.ts';
import { openFsStore } from '../src/stores/fs/index.ts';
import { Place, type Answer } from './support/lifeboat.ts';

const plan = `
lifeboat: 1
plan: keys
domains: { safe: {}, here: {}, far: {} }
keys:
  main:
    passphrase: { env: LB_KEYS_PASS }
    shares: { of: 3, needed: 2, holders: [on_call_lead, board_safe, notary] }
    domain: safe
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: far }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;
const passphrase = 'a passphrase that nobody prints';
const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
let place: Place;
/** Everything that was said: nothing secret may be in it. */
const said: string[] = [];
const secrets = new Set([passphrase]);

async function run(...words: string[]): Promise<Answer> {
  const answer = await place.run(...words);
  said.push(answer.stdout, answer.stderr);
  return answer;
}

/** One store that works, and one that was never made. */
beforeAll(async () => {
  place = await Place.make(plan);
  process.env['LB_KEYS_PASS'] = passphrase;
  await mkdir(place.path('docs'));
  await writeFile(place.path('docs', 'a.txt'), 'what must survive');
  const near = await openFsStore(place.path('near'), true);
  await createRepository(near, { passphrase: new Secret(passphrase), age: [] }, systemClock, { derivation });
  const { json, stderr } = await run('backup');
  if ((json['points'] as unknown[]).length !== 1) throw new Error(`no point was taken: ${stderr}`);
});

afterAll(async () => {
  delete process.env['LB_KEYS_PASS'];
  await place.remove();
});

describe('keys', () => {
  test('two of three printed shares restore on a machine that has nothing else', async () => {
    const shared = await run('keys', 'share', '--to', './sheets');
    expect(shared.json).toMatchObject({ of: 3, needed: 2, keys: [{ store: 'near' }] });
    const sheets = (shared.json['sheets'] as { text: string; pdf: string }[]).map(({ text }) => text);
    for (const file of sheets) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const words = /--- words ---\n([\s\S]*?)\n--- end/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
      secrets.add(words.replaceAll(/[\s\d]+/g, ' ').trim());
    }
    expect((await readdir(place.path('sheets'))).filter((name) => name.endsWith('.pdf'))).toHaveLength(3);
    delete process.env['LB_KEYS_PASS'];
    const [first, , third] = sheets as [string, string, string];
    const one = await run('points', '--key', first, '--state', './clean');
    expect(one.json).toMatchObject({ error: { code: 'share.few' } });
    const words = [
      'restore',
      'docs',
      '--to',
      './out',
      '--store',
      'near',
      '--state',
      './clean',
      '--key',
      first,
      '--key',
      third,
    ];
    expect((await run(...words)).json).toMatchObject({ ok: true });
    expect(await readFile(place.path('out', 'a.txt'), 'utf8')).toBe('what must survive');
    process.env['LB_KEYS_PASS'] = passphrase;
    const combined = await run('keys', 'combine', '--key', first, '--key', third, '--to', './whole');
    expect((await stat(place.path('whole'))).mode & 0o777).toBe(0o600);
    expect((await run('keys', 'test', '--key', './whole')).json).toMatchObject({
      stores: [{ ok: true, canaries: [1] }, { ok: false }],
    });
    secrets.add(/AGE-SECRET-KEY-1\w+/.exec(await readFile(String(combined.json['identity']), 'utf8'))?.[0] ?? 'none');
  });

  test('a share that was mistyped is named with its word, and never repeated', async () => {
    const file = place.path('sheets', 'share-1-on-call-lead.txt');
    const text = (await readFile(file, 'utf8')).replace(
      /( 7) (\w+)/,
      (_, number: string, word: string) => `${number} ${word === 'zebra' ? 'zero' : 'zebra'}`,
    );
    await writeFile(place.path('typed.txt'), text);
    const answer = await run('keys', 'combine', '--key', './typed.txt');
    expect(answer.json).toMatchObject({ error: { code: 'share.damaged' } });
    expect(answer.stdout).toContain('word 7 is not as printed');
    expect(answer.stdout).not.toContain('zebra');
  });

  test('are added, listed, rotated and taken out; a store that is away is named, and nobody is locked out', async () => {
    const made = await run('keys', 'create', '--identity', './anna');
    secrets.add(/AGE-SECRET-KEY-1\w+/.exec(await readFile(place.path('anna'), 'utf8'))?.[0] ?? 'none');
    const recipient = String(made.json['recipient']);
    const added = await run('keys', 'add', '--recipient', recipient, '--label', 'Anna');
    expect(added.json).toMatchObject({ added: [{ store: 'near' }], failures: [{ store: 'far' }] });
    expect(added.exitCode).not.toBe(0);
    const rotated = await run('keys', 'rotate');
    expect(rotated.json).toMatchObject({ rotated: [{ store: 'near', epoch: 2 }] });
    const listed = await run('keys', 'list', '--key', './anna');
    const keys =
      (listed.json['stores'] as { keys: { kind: string; epoch: number; opens: boolean; vouched: boolean }[] }[])[0]
        ?.keys ?? [];
    expect(keys.map(({ kind, epoch, opens, vouched }) => [kind, epoch, opens, vouched]).toSorted()).toEqual([
      ['age', 2, true, true],
      ['passphrase', 2, false, true],
      ['shares', 2, false, true],
    ]);
    const last = await run('keys', 'remove', 'Anna', '--key', './anna');
    expect(last.json).toMatchObject({ error: { code: 'key.last' } });
    expect((await run('keys', 'remove', 'Anna')).json).toMatchObject({ removed: [{ store: 'near', kept: false }] });
    expect((await run('keys', 'list', '--key', './anna')).json).toMatchObject({ error: { code: 'key.wrong' } });
    await rm(place.path('out'), { recursive: true });
    expect((await run('restore', 'docs', '--to', './out', '--store', 'near')).json).toMatchObject({ ok: true });
  });

  test('nothing secret is in any output or in the journal', async () => {
    const journal = await readFile(join(place.folder, '.lifeboat', 'journal.db'), 'latin1');
    const all = [...said, journal].join('\n');
    expect(secrets.size).toBe(6);
    for (const secret of secrets) expect(all.includes(secret)).toBe(false);
    expect(all).not.toContain('AGE-SECRET-KEY-1');
  });
});
