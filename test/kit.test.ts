import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql, startTestCluster, type TestCluster, installedMajors } from '../src/testing/postgres/index.ts';
import { endOf, Place } from './support/lifeboat.ts';

// The program of one file is built, a kit is made with it, and a machine without Node, npm or the sources restores from the kit with
// two of three shares, by typing what the kit's first page says.

const home = fileURLToPath(new URL('..', import.meta.url));
/** Those of the system, which a stranger installs; those of npm packages lie beside our sources. */
const majors = (await installedMajors()).filter((major) => existsSync(`/usr/lib/postgresql/${major}/bin/postgres`));
const isRoot = process.getuid?.() === 0;
const chroot = ['/usr/sbin/chroot', '/usr/bin/chroot'].find((file) => existsSync(file));
const canChroot = isRoot && chroot !== undefined;
const passphrase = 'a passphrase of the kit';

let folder: string;
let program: string;
let place: Place;
let cluster: TestCluster | undefined;

const planOf = (url: string | undefined): string => `
lifeboat: 1
plan: shop
domains: { north: {}, south: {}, office: {} }
keys:
  main: { passphrase: { env: LB_KIT_PASS }, shares: { of: 3, needed: 2, holders: [lead, safe, notary] }, domain: office }
stores: { near: { type: fs, path: ./near, domain: south } }
assets:
  uploads: { type: files, path: ./uploads, domain: north }
  catalog: { type: sqlite, path: ./catalog.db, domain: north }
${url === undefined ? '' : '  orders: { type: postgres, url: { env: LB_KIT_URL }, domain: north }'}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-kit-'));
  await chmod(folder, 0o711); // a PostgreSQL that root starts runs as another user
  program = join(folder, 'lifeboat');
  const built = await run([process.execPath, join(home, 'scripts', 'build.mjs'), program], { cwd: home });
  if (built.exitCode !== 0) throw new Error(built.stderr);
  const major = majors.at(-1);
  if (major !== undefined) {
    cluster = await startTestCluster({ major });
    await runSql(cluster.url, 'create table orders as select generate_series(1, 1000) as id');
    process.env['LB_KIT_URL'] = cluster.url;
  }
  process.env['LB_KIT_PASS'] = passphrase;
  place = await Place.make(planOf(cluster?.url));
  await mkdir(place.path('uploads'));
  await writeFile(place.path('uploads', 'letter.txt'), 'what must survive');
  await writeFile(place.path('uploads', 'large.bin'), Buffer.alloc(20_000_000, 'large'));
  const database = new DatabaseSync(place.path('catalog.db'));
  database.exec('create table things (name); insert into things values (1), (2), (3)');
  database.close();
  for (const words of [
    ['store', 'init'],
    ['backup'],
    ['keys', 'share', '--to', './sheets'],
    ['kit', '--to', './kit', '--program', program],
  ]) {
    const answer = await place.run(...words);
    if (answer.exitCode !== 0) throw new Error(answer.stdout);
  }
});

afterAll(async () => {
  delete process.env['LB_KIT_PASS'];
  delete process.env['LB_KIT_URL'];
  await cluster?.destroy();
  await place?.remove();
  await rm(folder, { recursive: true, force: true });
});

const run = (
  words: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): ReturnType<typeof endOf> => {
  const [first, ...rest] = words as [string, ...string[]];
  return endOf(spawn(first, rest, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
};

async function timed(words: readonly string[]): Promise<Awaited<ReturnType<typeof endOf>> & { ms: number }> {
  const began = performance.now();
  return { ...(await run(words, { cwd: folder, env: {} })), ms: performance.now() - began };
}

describe('the program of one file', () => {
  it('knows its version and starts as quickly as it should', async () => {
    const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
    const took = { help: Infinity, empty: Infinity };
    // More turns where others were in the way of each so far.
    for (let i = 0; i < 5 || (i < 20 && took.help >= 6 * took.empty); i += 1) {
      took.empty = Math.min(took.empty, (await timed([process.execPath, '-e', '0'])).ms);
      const { ms, stdout, exitCode } = await timed([program, '--help']);
      took.help = Math.min(took.help, ms);
      expect([exitCode, stdout.includes('Recover:')]).toEqual([0, true]);
    }
    const { stdout } = await run([program, '--version'], { cwd: folder, env: {} });
    expect(stdout.trim()).toBe(version);
    console.log(
      `--help of the one-file program: ${took.help.toFixed(0)} ms, an empty Node ${took.empty.toFixed(0)} ms`,
    );
    // 85 to 130 ms where an empty Node takes 35: other tests run beside this one, and both are slowed.
    expect(took.help).toBeLessThan(6 * took.empty);
  });

  it('has every module inside that is started or loaded by name', async () => {
    const sources = await readdir(join(home, 'src'), { recursive: true });
    const build = `${await readFile(join(home, 'scripts', 'build.mjs'), 'utf8')}${await readFile(join(home, 'scripts', 'build', 'own-module-of-one-file.ts'), 'utf8')}`;
    const missing: string[] = [];
    for (const source of sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      const text = await readFile(join(home, 'src', source), 'utf8');
      for (const [, name] of text.matchAll(/\bownModule\('\.\/([\w-]+)'/g)) {
        if (!build.includes(`${dirname(source)}/${name}.ts`)) missing.push(`${source}: ${name}`);
      }
      if (/\bnew Worker\(|\bcreateRequire\(/.test(text) && source !== 'core/own-module.ts') missing.push(source);
    }
    expect(missing).toEqual([]);
  });
});

/** What the page says to type in a section, with the files of two shares for the key. */
async function typed(kit: string, section: RegExp): Promise<string[][]> {
  const page = await readFile(join(kit, 'READ-ME-FIRST.txt'), 'utf8');
  const [, text = ''] = section.exec(page) ?? [];
  return [...text.matchAll(/^ +(\.\/lifeboat .*)$/gm)].map(([, line = '']) =>
    line.replace('--key KEY', '--key one.txt --key three.txt').split(' '),
  );
}

/** A kit as it arrives: alone, with the store where the plan expects it, and two sheets. */
async function arrived(root: string): Promise<string> {
  const kit = join(root, 'kit');
  await cp(place.path('kit'), kit, { recursive: true });
  await cp(place.path('near'), join(kit, 'plan', 'near'), { recursive: true });
  await cp(place.path('sheets', 'share-1-lead.txt'), join(kit, 'one.txt'));
  await cp(place.path('sheets', 'share-3-notary.txt'), join(kit, 'three.txt'));
  return kit;
}

describe('a kit', () => {
  it.skipIf(!canChroot)(
    `restores in a folder with nothing but the C library${canChroot ? '' : ' (needs root and chroot)'}`,
    async () => {
      const root = join(folder, 'bare');
      await mkdir(join(root, 'tmp'), { recursive: true });
      await mkdir(join(root, 'srv', 'restored'), { recursive: true });
      const { stdout: libraries } = await run(['ldd', program], { cwd: folder });
      for (const [library] of libraries.matchAll(/\/\S*\.so[.\w-]*/g)) {
        await mkdir(join(root, dirname(library)), { recursive: true });
        await cp(library, join(root, library), { dereference: true });
      }
      await arrived(root);
      const inside = async (words: string[]): ReturnType<typeof endOf> =>
        run(
          [
            chroot as string,
            root,
            '/kit/lifeboat',
            ...words.slice(1).map((word) => (/^(plan\/|\.\/state|one|three)/.test(word) ? `/kit/${word}` : word)),
          ],
          { cwd: folder, env: {} },
        );
      for (const words of await typed(join(root, 'kit'), /^4\. LOOK([\s\S]*?)^5\. /m)) {
        const answer = await inside(words);
        expect(answer.exitCode, `${words.join(' ')}\n${answer.stdout}${answer.stderr}`).toBe(0);
      }
      const restores = await typed(join(root, 'kit'), /^5\. RESTORE([\s\S]*?)^6\. /m);
      for (const words of restores.filter((one) => !one.includes('orders'))) {
        const answer = await inside(words);
        expect(answer.exitCode, `${words.join(' ')}\n${answer.stdout}${answer.stderr}`).toBe(0);
        expect(answer.stdout).not.toContain('warning');
      }
      expect(await readFile(join(root, 'srv/restored/uploads/letter.txt'), 'utf8')).toBe('what must survive');
      expect((await readFile(join(root, 'srv/restored/uploads/large.bin'))).length).toBe(20_000_000);
      const database = new DatabaseSync(join(root, 'srv/restored/catalog'));
      expect(database.prepare('select count(*) as n from things').get()).toEqual({ n: 3 });
      database.close();
    },
    60_000,
  );

  it.skipIf(majors.length === 0)(
    `restores a PostgreSQL where its programs are installed (needs PostgreSQL of the system; found ${majors.join(', ') || 'none'})`,
    async () => {
      const kit = await arrived(await mkdtemp(join(folder, 'machine-')));
      const restores = await typed(kit, /^5\. RESTORE([\s\S]*?)^6\. /m);
      const words = restores.find((one) => one.includes('orders')) ?? [];
      const target = join(folder, 'orders');
      const answer = await run(
        words.filter((word) => word !== '--start').map((word) => (word.startsWith('/srv/') ? target : word)),
        { cwd: kit, env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: folder } },
      );
      expect(answer.exitCode, `${answer.stdout}${answer.stderr}`).toBe(0);
      expect(existsSync(join(target, 'PG_VERSION'))).toBe(true);
    },
    60_000,
  );

  it('says what is missing, changed or not its own, as a folder and as an archive', async () => {
    const whole = await place.run('kit', '--verify', './kit');
    expect(whole.json).toMatchObject({ ok: true, problems: [], samePlan: true });
    const archived = await place.run('kit', '--to', './kit.tar', '--program', program);
    expect(archived.exitCode, archived.stdout).toBe(0);
    expect((await place.run('kit', '--verify', './kit.tar')).json).toMatchObject({ ok: true, problems: [] });
    const listed = await run(['tar', 'tf', place.path('kit.tar')], { cwd: folder });
    expect(listed.stdout).toContain('shop-kit/READ-ME-FIRST.txt');
    const kit = place.path('kit');
    await writeFile(join(kit, 'plan', 'lifeboat.yaml'), planOf(undefined).replace('./near', './mean'));
    await rename(join(kit, 'runbook', 'shop.md'), join(kit, 'runbook', 'other.md'));
    const { json, exitCode } = await place.run('kit', '--verify', './kit');
    expect(exitCode).toBe(1);
    expect((json['problems'] as string[]).toSorted()).toEqual([
      expect.stringContaining('plan/lifeboat.yaml'),
      'runbook/other.md is no part of the kit',
      'runbook/shop.md is missing',
    ]);
  });

  it('holds no secret, and is made whole or not at all', async () => {
    const again = await place.run('kit', '--to', './kit', '--program', program);
    expect(again.json).toMatchObject({ error: { code: 'input.exists' } });
    const none = await place.run('kit', '--to', './none', '--program', './nowhere');
    expect(none.json).toMatchObject({ error: { code: 'input.file' } });
    expect(existsSync(place.path('none'))).toBe(false);
    const secrets = [passphrase, ...(cluster === undefined ? [] : [cluster.url])];
    for (const name of await readdir(place.path('kit'), { recursive: true })) {
      if (name === 'lifeboat' || !name.includes('.')) continue;
      const text = await readFile(place.path('kit', name), 'latin1');
      for (const secret of secrets) expect(text.includes(secret), name).toBe(false);
    }
  });
});
