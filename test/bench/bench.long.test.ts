import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { suiteNames } from '../../bench/options.ts';
import { works } from '../../bench/tool.ts';
import { s3ServerMissing } from '../../src/testing/s3/index.ts';

const home = join(import.meta.dirname, '..', '..');
const smallest = ['--repetitions', '1', '--scale', '1', '--files', '200', '--sqlite-mb', '2', '--memory-mb', '2,4'];
const hasPostgres = existsSync('/usr/lib/postgresql/15/bin/pgbench');
const hasPgBackRest = existsSync('/usr/bin/pgbackrest');
const hasObjects = s3ServerMissing() === undefined;

interface Outcome {
  readonly results: { tool: string; work: string; seconds: number; peakBytes: number; storedBytes: number | null }[];
  readonly omissions: { tool: string; reason: string; failed: boolean }[];
  readonly profiles: { work: string; phases: { phase: string }[] }[];
}

let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'lifeboat-test-bench-'));
  await mkdir(join(place, 'work'));
  // The server's user passes here.
  await chmod(place, 0o755);
});

afterAll(() => rm(place, { recursive: true, force: true }));

describe('the bench at its smallest', () => {
  it('does every work of Lifeboat, ends with one line of JSON and leaves nothing', async () => {
    const suites = suiteNames.filter((suite) => suite !== 'growth').join(',');
    const words = ['--json', '--no-profile', '--quick', '--tools', 'lifeboat,cp', '--only', suites];
    const { code, stdout, stderr } = await bench(...words);
    expect(stderr).toContain('Done in');
    expect(code).toBe(0);
    const { results, omissions } = JSON.parse(stdout.trim().split('\n').at(-1) as string) as Outcome;
    expect(omissions.filter(({ failed }) => failed)).toEqual([]);
    const ours = new Set(results.filter(({ tool }) => tool.startsWith('lifeboat')).map(({ work }) => work));
    // What is not on this machine the bench says, and leaves its works out.
    const left = works.filter((work) => {
      if (/^(s3|loss-s3)/.test(work) && !hasObjects) return true;
      if (work === 'wal-fetch' && !hasPgBackRest) return true;
      return !hasPostgres && /^(full|second|scattered|restore|verify|ten|wal|loss)/.test(work);
    });
    expect([...ours].sort()).toEqual(works.filter((work) => !left.includes(work)).sort());
    if (!hasPostgres) expect(omissions).toContainEqual(expect.objectContaining({ tool: 'postgres', failed: false }));
    for (const { seconds } of results) expect(seconds).toBeGreaterThan(0);
    for (const name of ['results.md', 'results.svg', 'results.json'])
      expect((await readFile(join(place, 'results', name))).length).toBeGreaterThan(100);
    expect(await readdir(join(place, 'work'))).toEqual([]);
  });

  it('says where the time goes, in all threads', async () => {
    const { code, stdout, stderr } = await bench('--json', '--profile', 'start,memory-full', '--memory-mb', '2,40');
    expect(stderr).toContain('Done in');
    expect(code).toBe(0);
    const { profiles } = JSON.parse(stdout) as Outcome;
    expect(profiles.map(({ work }) => work)).toEqual(['start', 'memory-full', 'memory-full']);
    const phases = profiles.at(-1)?.phases.map(({ phase }) => phase) ?? [];
    for (const phase of ['wait', 'start', 'cut', 'hash', 'compress', 'seal']) expect(phases).toContain(phase);
  });

  it('ends everything and removes its folder when it is interrupted', async () => {
    const child = start('--only', hasPostgres ? 'postgres' : 'files', '--tools', 'lifeboat');
    const said = text(child.stderr);
    child.stderr.on(
      'data',
      (piece: Buffer) => piece.includes('round 1') && setTimeout(() => child.kill('SIGINT'), 300),
    );
    await once(child, 'exit');
    expect(await said).toContain('stopped by SIGINT');
    expect(await readdir(join(place, 'work'))).toEqual([]);
    expect(await processesIn(join(place, 'work'))).toEqual([]);
  });
});

function start(...words: string[]) {
  const where = ['--no-install', '--folder', join(place, 'work'), '--results', join(place, 'results')];
  return spawn(process.execPath, [join(home, 'bench', 'main.ts'), ...where, ...smallest, ...words], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function bench(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(...words);
  const ended = once(child, 'exit');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code: code as number, stdout, stderr };
}

async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return folders.filter((one) => one.startsWith(folder));
}
