import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { effectsIn, lifeOf, liveOn } from './killed-life.ts';

const script = fileURLToPath(new URL('killed-life.ts', import.meta.url));

/** Kills the process of a procedure with people in it at one record, lives on to the end, and looks at what happened. Whether it was killed. */
export async function killLifeAt(call: number, when: 'before' | 'after'): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-life-'));
  try {
    const end = await new Promise((resolve) => {
      const child = spawn(process.execPath, [script, folder, String(call), when], { stdio: 'ignore' });
      child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    const bench = lifeOf(folder);
    try {
      const early = effectsIn(folder);
      const words = bench.journal.records({ kinds: ['step.said'] });
      if (early.includes('guarded')) expect(words.length, 'nothing acts before both agreed').toBeGreaterThanOrEqual(2);
      const result = await liveOn(bench);
      bench.journal.verify();
      expect({ call, when, verdict: result.verdict, effects: effectsIn(folder) }).toEqual({
        call,
        when,
        verdict: 'done',
        effects: ['guarded', 'n7', 'last'],
      });
    } finally {
      bench.close();
    }
    expect([0, 'SIGKILL']).toContain(end);
    return end === 'SIGKILL';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
