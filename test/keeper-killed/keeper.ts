/**
 * `lifeboat serve` at a moment of its own: node keeper.ts FOLDER MOMENT, with each event as a line of JSON on standard error. Its clock skips as many
 * milliseconds as its parent sends. It goes with who started it.
 */
import { join } from 'node:path';
import { serve } from '../../src/app/index.ts';
import { systemClock, toLifeboatError, type Clock } from '../../src/core/index.ts';

const [folder = '', moment = ''] = process.argv.slice(2);
let startMs = Date.parse(moment);
const bornMs = systemClock.elapsed();
const clock: Clock = { ...systemClock, now: () => startMs + Math.trunc(systemClock.elapsed() - bornMs) };
const end = new AbortController();
process.once('SIGTERM', () => end.abort(new Error('told to end')));
process.on('message', (skippedMs: number) => (startMs += skippedMs));
const orphaned = (): boolean => process.kill(process.pid, 'SIGKILL');
process.once('disconnect', orphaned);
try {
  const { left } = await serve({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    clock,
    // Longer than the clock ever skips: a hold that was not renewed in its time is lost.
    leaseMs: 600_000,
    signal: end.signal,
    say: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
  });
  process.exitCode = left.length;
} catch (error) {
  process.stderr.write(`${JSON.stringify({ event: 'ended badly', words: toLifeboatError(error).message })}\n`);
  process.exitCode = 70;
}
// Nothing else keeps it: its end shows whether anything was left open.
process.off('disconnect', orphaned);
process.disconnect();
