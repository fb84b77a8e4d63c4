import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/index.ts';
import { copyLauncher } from './support/own-checkout.ts';

const home = resolve(import.meta.dirname, '..');
const launcher = join(home, 'bin', 'lifeboat');
const folder = mkdtempSync(join(tmpdir(), 'lifeboat-launcher-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const olderNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (file) => existsSync(file) && Number(spawnSync(file, ['-p', 'process.versions.node.split(".")[0]']).stdout) < 24,
);

describe('bin/lifeboat', () => {
  it('works from any folder and through links of links', () => {
    symlinkSync(launcher, join(folder, 'first'));
    symlinkSync('first', join(folder, 'second'));
    const result = spawnSync(join(folder, 'second'), ['--version'], { cwd: '/', encoding: 'utf8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('keeps the exit code and the words, spaces and quotes in them too', () => {
    const result = spawnSync(launcher, [`it's "one" word`, '--json'], { cwd: folder, encoding: 'utf8' });
    expect(result.status).toBe(2);
    expect(JSON.parse(result.stdout).error.message).toContain(`it's "one" word`);
  });

  it('says what to do when nothing is set up', () => {
    const bare = join(folder, 'bare');
    mkdirSync(join(bare, 'bin'), { recursive: true });
    cpSync(launcher, join(bare, 'bin', 'lifeboat'));
    const result = spawnSync(join(bare, 'bin', 'lifeboat'), [], { encoding: 'utf8' });
    expect(result.status).toBe(2);
    expect(result.stderr).toBe(`error: Lifeboat is not set up in ${bare}. Run: cd ${bare} && npm run setup\n`);
  });

  it('bounds the memory that threads keep, and leaves no trace of that to what is started by it', ({ skip }) => {
    if (process.platform !== 'linux') return skip('only Linux shows what a process was started with');
    const own = join(folder, 'own');
    for (const one of ['node_modules/commander', 'src/cli']) mkdirSync(join(own, one), { recursive: true });
    copyLauncher(own);
    for (const name of readdirSync(join(home, 'node_modules')).filter((found) => found.startsWith('node-')))
      symlinkSync(join(home, 'node_modules', name), join(own, 'node_modules', name));
    writeFileSync(join(own, 'package.json'), '{"type":"module"}');
    // What the C library was given at the start of the process, and what a child would be given.
    const main = `import { readFileSync } from 'node:fs';
      export const main = () => (console.log(JSON.stringify([/MALLOC_ARENA_MAX=(\\d+)/.exec(readFileSync('/proc/self/environ', 'utf8'))?.[1] ?? null,
        process.env.MALLOC_ARENA_MAX ?? null, process.env.LIFEBOAT_OWN_ARENAS ?? null])), 0);`;
    writeFileSync(join(own, 'src/cli/main.ts'), main);
    const started = (env: NodeJS.ProcessEnv): unknown =>
      JSON.parse(spawnSync(join(own, 'bin', 'lifeboat'), [], { encoding: 'utf8', env }).stdout);
    const { MALLOC_ARENA_MAX: _, ...env } = process.env;
    expect(started(env)).toEqual(['2', null, null]);
    expect(started({ ...env, MALLOC_ARENA_MAX: '7' })).toEqual(['7', '7', null]);
  });

  it('shows help quickly: in less than 0.4 s of processor time, whoever else is busy', () => {
    const script = `TIMEFORMAT='%U %S'; time "${launcher}" --help > /dev/null`;
    const times = Array.from({ length: 5 }, () => {
      const { stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
      return stderr
        .trim()
        .split(' ')
        .map(Number)
        .reduce((user, system) => user + system);
    });
    expect(Math.min(...times)).toBeLessThan(0.4);
    expect(Math.min(...times)).toBeGreaterThan(0);
  });

  it('ends quietly when the reader of its output went away', () => {
    const result = spawnSync('sh', ['-c', `"${launcher}" --help | true`], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
  });

  it('becomes the process it starts, so that kill -9 leaves nothing behind', async () => {
    // `--help` would end by itself: a pipe for the plan that nobody writes to keeps it waiting.
    const pipe = join(folder, 'plan.yaml');
    spawnSync('mkfifo', [pipe]);
    const child = spawn(launcher, ['check', '--plan', pipe], { stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    const children = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).stdout;
    child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    expect({ children, signal }).toEqual({ children: '', signal: 'SIGKILL' });
  });
});

describe('bin/lifeboat started by an older Node', () => {
  it('hands over to the newer one with words, output and exit code', ({ skip }) => {
    if (olderNode === undefined) return skip('no Node older than 24 is installed here');
    const result = spawnSync(olderNode, [launcher, 'nonsense', '--json'], { cwd: '/', encoding: 'utf8' });
    expect(result).toMatchObject({ status: 2, stderr: '' });
    expect(JSON.parse(result.stdout).error.code).toBe('input.flag');
  });

  it('passes a signal on, and ends as its child ended', async ({ skip }) => {
    if (olderNode === undefined) return skip('no Node older than 24 is installed here');
    const pipe = join(folder, 'older.yaml');
    spawnSync('mkfifo', [pipe]);
    const child = spawn(olderNode, [launcher, 'check', '--plan', pipe], { stdio: 'ignore' });
    await waitFor(() => childrenOf(child.pid).length === 1);
    const [grandchild] = childrenOf(child.pid);
    // The first one asks, one after `sameSignalMs` insists: the read of the pipe never ends by itself.
    await waitFor(() => !child.kill('SIGTERM') || child.exitCode !== null || child.signalCode !== null);
    expect(spawnSync('kill', ['-0', String(grandchild)]).status).not.toBe(0);
  });
});

const childrenOf = (pid: number | undefined): string[] =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean);

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200 && !condition(); tries += 1) await systemClock.sleep(25);
  expect(condition()).toBe(true);
}
