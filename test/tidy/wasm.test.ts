import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('modules of WebAssembly are what their sources say', () => {
  const home = join(import.meta.dirname, '..', '..');
  expect(() =>
    execFileSync(process.execPath, [join(home, 'scripts', 'wasm.mjs'), '--check'], { stdio: 'pipe' }),
  ).not.toThrow();
});
