import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { printRunbook } from '../src/cli/commands/print-runbook.ts';
import { readCarried } from '../src/plan/index.ts';
import { runbookOfText } from '../src/plan/render/testing/rendered.ts';
import { Place } from './support/lifeboat.ts';
import { skippedFor } from '../src/testing/skipped.ts';

const plan = `lifeboat: 1
plan: small
include: [people.yaml]
keys: { main: { passphrase: { env: LB_PASS } } }
stores: { far: { type: fs, path: ./far } }
assets: { data: { type: files, path: ./data } }
scenarios:
  gone:
    trigger: the disk is dead
    loses: { assets: [data] }
    steps: [{ id: back, restore: data, into: new, budget: 5m }, { check: { asset: data, of: "\${steps.back.url}" } }]
`;
const people = 'contacts: { kim: { role: on_call, phone: "+1 555 0100" } }\n';

let place: Place;
afterEach(() => place.remove());

async function make(): Promise<void> {
  place = await Place.make(plan);
  await writeFile(place.path('people.yaml'), people);
}

interface Written {
  readonly file: string;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
}

describe('lifeboat runbook', () => {
  it('writes Markdown and HTML, the same bytes each time on one day, and nothing else', async () => {
    await make();
    const first = await place.run('runbook', '--date', '2026-11-21');
    const second = await place.run('runbook', '--date', '2026-11-21');
    expect(first).toMatchObject({ exitCode: 0, json: { ok: true, plan: 'small', date: '2026-11-21' } });
    expect(second.json).toEqual(first.json);
    expect((await readdir(place.folder)).sort()).toEqual(['lifeboat.yaml', 'people.yaml', 'runbook']);
    const files = first.json['files'] as Written[];
    expect(files.map(({ format, file }) => [format, file])).toEqual([
      ['markdown', place.path('runbook', 'small.md')],
      ['html', place.path('runbook', 'small.html')],
    ]);
    expect(await readFile(place.path('runbook', 'small.md'), 'utf8')).toContain('+1 555 0100');
  });

  it('knows its own files as the plan, and names what changed in it and in what it includes', async () => {
    await make();
    await place.run('runbook', '--markdown', '--html', '--date', '2026-01-05');
    for (const file of ['runbook/small.md', 'runbook/small.html'])
      expect(await place.run('runbook', '--verify', file)).toMatchObject({
        exitCode: 0,
        json: { ok: true, intact: true, sameFiles: true, changes: [] },
      });
    await writeFile(place.path('people.yaml'), people.replace('0100', '0199'));
    await writeFile(place.path('lifeboat.yaml'), plan.replace('budget: 5m', 'budget: 50m'));
    for (const file of ['runbook/small.md', 'runbook/small.html'])
      expect(await place.run('runbook', '--verify', file)).toMatchObject({
        exitCode: 1,
        json: { ok: false, intact: true, changes: ['contact kim changed', 'scenario gone changed'] },
      });
  });

  it('says that a file is the plan when only the layout of the plan is another', async () => {
    await make();
    await place.run('runbook', '--html');
    await writeFile(place.path('people.yaml'), `# Who to call\n${people}`);
    expect(await place.run('runbook', '--verify', 'runbook/small.html')).toMatchObject({
      exitCode: 0,
      json: { ok: true, sameFiles: false },
    });
  });

  it('ends with 1 for a file that somebody changed by hand', async () => {
    await make();
    await place.run('runbook', '--markdown');
    const file = place.path('runbook', 'small.md');
    await writeFile(file, (await readFile(file, 'utf8')).replace('+1 555 0100', '+1 900 6666'));
    expect(await place.run('runbook', '--verify', file)).toMatchObject({
      exitCode: 1,
      json: { ok: false, intact: false, changes: [] },
    });
  });

  it('ends with 2 for what is no runbook, is not there, or is asked for in two ways', async () => {
    await make();
    await writeFile(place.path('other.md'), '# Other\n');
    const codes = await Promise.all(
      [
        ['--verify', 'other.md'],
        ['--verify', 'missing.md'],
        ['--verify', 'other.md', '--pdf'],
        ['--date', '2026-02-30'],
      ].map(async (words) => {
        const { exitCode, json } = await place.run('runbook', ...words);
        return [exitCode, (json['error'] as { code: string }).code];
      }),
    );
    expect(codes).toEqual([
      [2, 'input.file'],
      [2, 'input.file'],
      [2, 'input.flag'],
      [2, 'input.flag'],
    ]);
  });

  it('writes over its own files only', async () => {
    await make();
    await writeFile(place.path('small.md'), '# Mine\n');
    expect(await place.run('runbook', '--out', '.')).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'input.exists' } },
    });
    expect(existsSync(place.path('small.html'))).toBe(false);
    expect(await readFile(place.path('small.md'), 'utf8')).toBe('# Mine\n');
  });

  it('renders nothing of a plan that is wrong in form', async () => {
    await make();
    await writeFile(place.path('lifeboat.yaml'), plan.replace('restore: data', 'restore: dota'));
    expect(await place.run('runbook')).toMatchObject({ exitCode: 2, json: { error: { code: 'plan.invalid' } } });
  });
});

const installed = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
const missing = installed('chromium') ? undefined : 'chromium is not installed';

describe('a runbook as PDF', () => {
  const runbook = runbookOfText(plan.replace('include: [people.yaml]\n', people), '2026-11-21');
  const print = (browsers: readonly string[]) => {
    const said: string[] = [];
    const signal = new AbortController().signal;
    return printRunbook(runbook, { signal, browsers, say: (text) => said.push(text) }).then((printed) => ({
      ...printed,
      said,
    }));
  };

  it('is made without a browser where none is installed, and carries the hash', async () => {
    place = await Place.empty();
    const { bytes, by, said } = await print(['no-such-browser']);
    expect({ by, said }).toEqual({ by: 'Lifeboat', said: [] });
    expect(readCarried(bytes)).toEqual({ format: 'pdf', record: runbook.record, intact: true });
  });

  it('is made without the browser that cannot print, and says so', async () => {
    place = await Place.empty();
    const { by, said } = await print(['false']);
    expect(by).toBe('Lifeboat');
    expect(said).toEqual(['false could not print: another way is used.']);
  });

  it.skipIf(missing !== undefined)(`is printed by Chromium, and carries the hash${skippedFor(missing)}`, async () => {
    await make();
    const { exitCode, json } = await place.run('runbook', '--pdf');
    expect({ exitCode, files: json['files'] }).toMatchObject({
      exitCode: 0,
      files: [{ format: 'pdf', by: 'chromium' }],
    });
    expect(await place.run('runbook', '--verify', 'runbook/small.pdf')).toMatchObject({
      exitCode: 0,
      json: { format: 'pdf', intact: true },
    });
    await writeFile(place.path('lifeboat.yaml'), plan.replace('the disk is dead', 'the disk is slow'));
    expect(await place.run('runbook', '--verify', 'runbook/small.pdf')).toMatchObject({
      exitCode: 1,
      json: { changes: ['scenario gone changed'] },
    });
  });
});
