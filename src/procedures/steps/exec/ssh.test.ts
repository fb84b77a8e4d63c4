import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endProcesses } from '../../../core/index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { noSsh, startTestSshServer, type TestSshServer } from '../../testing/real/ssh-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-ssh-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(noSsh !== undefined)(`exec over ssh${noSsh === undefined ? '' : ` (${noSsh})`}`, () => {
  let server: TestSshServer;
  let bench: Bench;
  beforeAll(async () => {
    server = await startTestSshServer(folder);
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    bench = actingBench({});
  });
  afterEach(() => bench.close());

  const there = (run: readonly string[], more: Record<string, unknown> = {}) => {
    const { to, keyFile, hostKey } = server;
    return act(bench, stepOf('act', 'exec', { run, ssh: { to, key: { file: keyFile }, hostKey }, ...more }));
  };

  it('hands over each word as it is, whatever a shell would make of it', async () => {
    const words = ["it's", '$HOME `id` $(id)', 'two  spaces', '*', '', ';', 'new\nline'];
    const result = await there(['printf', '[%s]', ...words]);
    expect(result.steps[0]?.outputs['stdout']).toBe(words.map((word) => `[${word}]`).join(''));
  });

  it('tells how the program ended, and where it ran', async () => {
    expect((await there(['sh', '-c', 'echo bad >&2; exit 3'])).steps[0]).toMatchObject({
      state: 'failed',
      code: 'process.failed',
      summary: 'sh ended with exit code 3: bad',
    });
    expect((await there(['pwd'], { cwd: '/usr' })).steps[0]?.outputs['stdout']).toBe('/usr');
  });

  it('gives settings by no argument list, and redacts them in what comes back', async () => {
    process.env['SSH_TEST_SECRET'] = 'a-very-secret-word';
    const run = [
      'sh',
      '-c',
      'echo "$WORD"; cat /proc/[0-9]*/cmdline 2>/dev/null | grep -ac very-secre[t]-word || true',
    ];
    const result = await there(run, { env: { WORD: { env: 'SSH_TEST_SECRET' } } });
    expect(result.steps[0]?.outputs['stdout']).toBe('[secret]\n0');
  });

  it('ends what runs there when its time is over, with all that it started, and confirms it', async () => {
    const pidFile = join(folder, 'pid');
    const result = await there(['sh', '-c', `trap '' TERM; sleep 300 & echo $! >${pidFile}; wait; wait`], {
      timeout: '1500ms',
    });
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'process.timeout' });
    expect(existsSync(pidFile)).toBe(true);
    // Nobody may be left to be ended: what only waits to be buried does not count.
    expect(await endProcesses(({ mark }) => mark === `${result.run}/act`)).toBe(0);
  });

  it('does not talk to a host with another key', async () => {
    const { to, keyFile } = server;
    const hostKey = readFileSync(`${keyFile}.pub`, 'utf8');
    const ssh = { to, key: { file: keyFile }, hostKey };
    const result = await act(bench, stepOf('act', 'exec', { run: ['touch', join(folder, 'touched')], ssh }));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'target.unreachable' });
    expect(existsSync(join(folder, 'touched'))).toBe(false);
  });
});
