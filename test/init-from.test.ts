import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Place } from './support/lifeboat.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
const documents = join(home, 'src', 'plan', 'import', 'testing');

interface Remark {
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

let place: Place;

beforeEach(async () => {
  place = await Place.empty();
  await copyFile(join(documents, 'harbour.md'), place.path('DR.md'));
});

afterEach(() => place.remove());

describe('init --from a document', () => {
  it('writes a plan that check can judge, and says what became of the lines', async () => {
    const made = await place.run('init', '--from', 'DR.md');
    expect(made).toMatchObject({ exitCode: 0, json: { ok: true, plan: place.path('lifeboat.yaml') } });
    const { understood, guessed, leftOver } = made.json as Record<string, Remark[]>;
    expect(understood?.length).toBeGreaterThan(30);
    expect(guessed).toContainEqual({ line: 47, endLine: 47, text: '"Database lost" loses bookings' });
    expect(leftOver).toEqual([]);
    const check = await place.run('check');
    const findings = check.json['findings'] as { code: string; line: number; message: string }[];
    expect(findings.filter(({ code }) => code.startsWith('plan.') && code !== 'plan.not_executable')).toEqual([]);
    // What the document itself gets wrong is found in the plan, on the line that names the document's.
    const plan = (await readFile(place.path('lifeboat.yaml'), 'utf8')).split('\n');
    const rpo = findings.find(({ code }) => code === 'time.rpo');
    expect(rpo?.message).toContain('4 h');
    expect(plan[(rpo?.line ?? 0) - 1]).toContain('# line 24');
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['order.file_nobody_makes', 'people.placeholder']),
    );
  });

  it('writes over no plan, and over nothing when the document cannot be read', async () => {
    await writeFile(place.path('lifeboat.yaml'), 'mine\n');
    expect((await place.run('init', '--from', 'DR.md')).json).toMatchObject({ error: { code: 'input.exists' } });
    expect(await readFile(place.path('lifeboat.yaml'), 'utf8')).toBe('mine\n');
    const missing = await place.run('init', '--from', 'no-such.md', '--plan', 'other.yaml');
    expect(missing).toMatchObject({ exitCode: 2, json: { error: { code: 'input.file' } } });
    expect(existsSync(place.path('other.yaml'))).toBe(false);
  });

  it('refuses a folder, and what does not go together', async () => {
    expect((await place.run('init', '--from', '.')).json).toMatchObject({ error: { code: 'input.file' } });
    expect((await place.run('init', '--from', 'DR.md', '--data', './x')).json).toMatchObject({
      error: { code: 'input.flag' },
    });
  });

  it('executes nothing of the document', async () => {
    const bomb = [
      '# Plan',
      '## Recovery',
      '```bash',
      `touch ${place.path('ran')}`,
      `echo $(touch ${place.path('ran')})`,
      '```',
      '',
    ];
    await writeFile(place.path('bomb.md'), bomb.join('\n'));
    await symlink(place.path('bomb.md'), place.path('link.md'));
    expect((await place.run('init', '--from', 'link.md')).exitCode).toBe(0);
    await place.run('check');
    expect(existsSync(place.path('ran'))).toBe(false);
  });
});

describe('npm run import-table', () => {
  it('prints for each document of a folder what is wrong with it, and in which line', async () => {
    const script = join(home, 'scripts', 'import-table.mjs');
    const { stdout, status } = spawnSync(process.execPath, [script, documents, '--json'], { encoding: 'utf8' });
    expect(status).toBe(0);
    const { documents: looked } = JSON.parse(stdout) as {
      documents: { document: string; findings: { code: string; line?: number }[] }[];
    };
    const files = (await readdir(documents)).filter((name) => name.endsWith('.md'));
    expect(looked.map(({ document }) => document)).toEqual(files.sort());
    const of = (name: string): string[] =>
      looked.find(({ document }) => document === name)?.findings.map(({ code, line }) => `${line} ${code}`) ?? [];
    expect(of('harbour.md')).toEqual(
      expect.arrayContaining([
        '24 time.rpo',
        '60 order.file_nobody_makes',
        '100 order.once_only',
        '117 people.placeholder',
      ]),
    );
    expect(of('library.md')).toContain('24 order.live_copy');
    expect(of('clinic.md')).toEqual(
      expect.arrayContaining(['23 order.promote_without_fence', '44 time.alert_too_eager']),
    );
  });

  it('says how it is used when no folder is named', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(home, 'scripts', 'import-table.mjs')], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('usage');
  });
});
