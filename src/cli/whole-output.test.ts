import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';

const program = fileURLToPath(new URL('../../bin/lifeboat', import.meta.url));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-output-'));
  // Each asset is three findings: far more than a pipe takes at once.
  const assets = Array.from({ length: 600 }, (_, index) => `  a${index}: { type: nonsense, domain: nowhere }`);
  const plan = ['lifeboat: 1', 'plan: big', 'domains: { home: {} }', 'assets:', ...assets, ''].join('\n');
  writeFileSync(join(folder, 'lifeboat.yaml'), plan);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (): ReturnType<typeof spawn> =>
  spawn(process.execPath, [program, 'check', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });

it('what is said reaches a reader who is slow, to its last word', async () => {
  const child = start();
  const ended = new Promise((is) => void child.once('close', is));
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => (text += piece.toString()));
  // He looks away after the first words: the pipe is full long before he comes back.
  await new Promise((is) => void child.stdout?.once('data', is));
  child.stdout?.pause();
  await systemClock.sleep(1000);
  child.stdout?.resume();
  expect(await ended).toBe(1);
  expect(Buffer.byteLength(text)).toBeGreaterThan(150_000);
  const { ok } = JSON.parse(text) as { ok?: boolean };
  expect(ok ?? false).toBe(false);
});

it('a reader who goes early keeps nobody', async () => {
  const child = start();
  const ended = new Promise((is) => void child.once('close', is));
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await ended).toBe(1);
});
