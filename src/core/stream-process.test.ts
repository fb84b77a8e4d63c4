import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { isAlive } from './process.ts';
import { streamProcess, type ProcessStream } from './stream-process.ts';

async function readOut({ output }: ProcessStream): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of output) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('a program that is read as it writes', () => {
  it('gives all of its output, its last words and how it ended', async () => {
    const program = await streamProcess(['sh', '-c', 'head -c 3000000 /dev/zero; echo sorry >&2; exit 3']);
    expect((await readOut(program)).length).toBe(3_000_000);
    expect(await program.ended).toEqual({ exitCode: 3, signal: null, stdout: '', stderr: 'sorry\n' });
    await program.stop();
  });

  it('waits while nobody reads', async () => {
    const program = await streamProcess(['sh', '-c', 'head -c 3000000 /dev/zero; echo written >&2']);
    const first = await Promise.race([program.ended, systemClock.sleep(200).then(() => 'waiting')]);
    expect(first).toBe('waiting');
    expect((await readOut(program)).length).toBe(3_000_000);
    expect((await program.ended).stderr).toBe('written\n');
    await program.stop();
  });

  it('is ended with all that it started, and its end confirmed; again is no error', async () => {
    const program = await streamProcess(['sh', '-c', 'sleep 60 & echo $!; wait']);
    const first = await program.output[Symbol.asyncIterator]().next();
    const grandchild = Number(String(first.value));
    expect(isAlive(grandchild)).toBe(true);
    await program.stop();
    await program.stop();
    expect(await program.ended).toMatchObject({ signal: 'SIGTERM' });
    expect(isAlive(program.pid)).toBe(false);
  });

  it('that is stopped while it is read is over for its reader, and not broken', async () => {
    const program = await streamProcess(['sh', '-c', 'head -c 3000000 /dev/zero; sleep 60']);
    const pieces = program.output[Symbol.asyncIterator]();
    await pieces.next();
    await program.stop();
    expect(await pieces.next()).toMatchObject({ done: true });
    expect(await program.ended).toMatchObject({ signal: 'SIGTERM' });
  });

  it('that is killed says by what', async () => {
    const program = await streamProcess(['sleep', '60']);
    process.kill(program.pid, 'SIGKILL');
    expect((await readOut(program)).length).toBe(0);
    expect(await program.ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await program.stop();
  });

  it('that is not there is missing', async () => {
    await expect(streamProcess(['no-such-program-anywhere'])).rejects.toMatchObject({ code: 'process.missing' });
  });
});
