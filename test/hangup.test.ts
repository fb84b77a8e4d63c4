import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Place, endOf } from './support/lifeboat.ts';

const program = fileURLToPath(new URL('../bin/lifeboat', import.meta.url));
/** Goes on when the file is there, and says that it did. */
const plan = `lifeboat: 1
plan: hangup
keys: { main: { passphrase: { env: HANGUP_TEST_PASSPHRASE }, domain: safe } }
domains: { safe: {} }
stores: { near: { type: fs, path: ./near, domain: safe } }
assets: { documents: { type: files, path: ./documents } }
environments: { production: {} }
scenarios:
  lost:
    trigger: a test
    steps:
      - exec: [sh, -c, "touch begun; while ! test -e go-on; do sleep 0.1; done; touch ended"]
`;

let place: Place;
beforeEach(async () => {
  process.env['HANGUP_TEST_PASSPHRASE'] = 'nobody types this one';
  place = await Place.make(plan);
});
afterEach(() => place.remove());

/** A recovery whose terminal goes away in the middle of its step, and that may go on then. */
async function hungUp(...words: readonly string[]): Promise<{ exitCode: number | null; stdout: string }> {
  const [first = program, ...rest] = [...words, program, 'recover', 'lost', '--yes', '--alone'];
  const child = spawn(first, rest, {
    cwd: place.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = endOf(child);
  await expect.poll(() => existsSync(place.path('begun')), { timeout: 30_000 }).toBe(true);
  process.kill(-(child.pid as number), 'SIGHUP');
  if (words.length > 0) writeFileSync(place.path('go-on'), '');
  return end;
}

it('a recovery whose terminal goes away ends its step and can be gone on with', async () => {
  const { stdout } = await hungUp();
  expect(stdout).toMatch(/cancelled.*stopped on request/);
  expect(stdout).toContain('lifeboat run resume');
  expect(existsSync(place.path('ended'))).toBe(false);
});

it('under nohup it goes on to its end', async () => {
  const { exitCode, stdout } = await hungUp('nohup');
  expect([exitCode, existsSync(place.path('ended'))], stdout).toEqual([0, true]);
});
