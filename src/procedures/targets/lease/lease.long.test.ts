import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { runProcedure } from '../../index.ts';
import { brokeNow } from '../../testing/bench.ts';
import { machineWith, twoEffects } from '../../testing/leased.ts';
import { linesIn } from '../../../testing/lines.ts';

const script = fileURLToPath(new URL('../../testing/leased.ts', import.meta.url));
/** Long enough for a machine that has other things to do. */
const leaseMs = 4000;

it('a runner that was stopped by a signal and wakes late does not act', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-lease-'));
  const [store, ledger] = [join(folder, 'store'), join(folder, 'ledger')];
  const effects = (): string[] => linesIn(ledger);
  const child = spawn(process.execPath, [script, join(folder, 'asleep'), store, ledger, String(leaseMs)]);
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  for (let tries = 0; tries < 3000 && effects().length === 0; tries += 1) await systemClock.sleep(20);
  child.kill('SIGSTOP');
  const { environment, tools, close } = machineWith(store, { leaseMs });
  const awake = await runProcedure({
    scenario: twoEffects(ledger, 'awake', 1),
    environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
  });
  child.kill('SIGCONT');
  await ended;
  close();
  expect(awake.verdict).toBe('done');
  expect(effects()).toEqual(['asleep first', 'awake first', 'awake second']);
  expect(said).toBe('needs-human run.lease_lost\n');
  rmSync(folder, { recursive: true, force: true });
}, 120_000);
