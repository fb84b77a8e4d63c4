import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commandTable } from '../src/cli/command-table.ts';
import { endOf, Place } from './support/lifeboat.ts';

let place: Place;

beforeEach(() => {
  process.env['LIFEBOAT_PASSPHRASE'] = 'a passphrase for tests';
});

afterEach(() => place.remove());

interface Listed {
  readonly id: string;
  readonly verifiedAt: string | null;
  readonly provenAt: string | null;
}

it('a new user comes from init to a passed drill, and the points show what was verified and proven', async () => {
  place = await Place.empty();
  await good('init');
  await mkdir(place.path('data'));
  await writeFile(place.path('data', 'letter.txt'), 'what must survive');
  expect((await good('check'))['findings']).toEqual([]);
  await good('store', 'init');
  const { points: taken } = (await good('backup')) as { points: Listed[] };
  expect(taken).toMatchObject([{ asset: 'data', bytes: 17 }]);
  const [before] = await listed();
  expect(before).toMatchObject({ id: taken[0]?.id, verifiedAt: null, provenAt: null });
  expect(await good('verify', '--all')).toMatchObject({ ok: true, damage: [] });
  const restored = await good('restore', 'data', '--to', './back');
  expect(restored).toMatchObject({ point: taken[0]?.id, bytes: 17 });
  expect(await readFile(place.path('back', 'letter.txt'), 'utf8')).toBe('what must survive');
  const [after] = await listed();
  expect(after?.verifiedAt).not.toBeNull();
  expect(after?.provenAt).not.toBeNull();

  const drill = await good('drill');
  expect(drill).toMatchObject({ verdict: 'pass', drill: 'monthly_rehearsal' });
  expect(drill['rtoSeconds']).toBeGreaterThan(0);
  expect(existsSync(String(drill['report']))).toBe(true);
  const shown = (await good('run', 'show', String(drill['run']))) as { run: { steps: unknown[]; verdict: string } };
  expect(shown.run).toMatchObject({ verdict: 'done', steps: [{ id: 'bring_back' }, { id: 'looks_right' }] });
  expect((await good('runs'))['runs']).toHaveLength(1);
});

it('a dry run of a restore changes nothing, and says which point would be taken', async () => {
  place = await Place.empty();
  await good('init');
  await mkdir(place.path('data'));
  await good('store', 'init');
  await good('backup');
  const [point] = await listed();
  expect(await good('restore', 'data', '--to', './back', '--dry-run')).toMatchObject({
    dryRun: true,
    point: point?.id,
  });
  expect(existsSync(place.path('back'))).toBe(false);
  const { steps } = (await good('recover', 'data_lost', '--dry-run')) as { steps: { certainty: string }[] };
  expect(steps.map(({ certainty }) => certainty)).not.toContain('ok');
});

it('a repository made for an age recipient opens with the identity, and with nothing else', async () => {
  place = await Place.empty();
  const { recipient } = await good('keys', 'create', '--identity', './office.key');
  const plan = (identity: string): string => `
lifeboat: 1
plan: aged
keys: { main: { recipients: [${String(recipient)}], identity: { file: ${identity} }, domain: office } }
domains: { office: {}, here: {} }
stores: { near: { type: fs, path: ./store, domain: here } }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;
  await mkdir(place.path('docs'));
  await writeFile(place.path('docs', 'a'), 'sealed');
  await writeFile(place.path('lifeboat.yaml'), plan('./office.key'));
  await good('store', 'init');
  await good('backup');
  await good('restore', 'docs', '--to', './back');
  expect(await readFile(place.path('back', 'a'), 'utf8')).toBe('sealed');
  await good('keys', 'create', '--identity', './other.key');
  await writeFile(place.path('lifeboat.yaml'), plan('./other.key'));
  expect(await place.run('points')).toMatchObject({ exitCode: 2, json: { error: { code: 'key.wrong' } } });
});

it('every command has a help with an example that is worth reading', async () => {
  place = await Place.empty();
  for (const { name } of commandTable) {
    const { exitCode, stdout } = await endOf(place.start([...name.split(' '), '--help']));
    expect(exitCode, name).toBe(0);
    expect(stdout, name).toContain('Examples:');
    expect(stdout.length, name).toBeGreaterThan(500);
  }
});

async function good(...words: string[]): Promise<Record<string, unknown>> {
  const answer = await place.run(...words);
  expect(answer.exitCode, `${words.join(' ')}: ${answer.stdout}${answer.stderr}`).toBe(0);
  return answer.json;
}

const listed = async (): Promise<Listed[]> => (await good('points'))['points'] as Listed[];
