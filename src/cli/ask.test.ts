import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { askAt, type Ask } from './ask.ts';

const terminal = (isTTY: boolean): { stdin: PassThrough; stderr: PassThrough; ask: Ask | undefined } => {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  return { stdin, stderr, ask: askAt({ stdin, stderr }) };
};
const { signal } = new AbortController();

it('asks whoever sits at a terminal, one question after the other, and nobody where there is none', async () => {
  expect(terminal(false).ask).toBeUndefined();
  const { stdin, stderr, ask } = terminal(true);
  const answers = [ask?.('Its name?', signal), ask?.('And this?', signal)];
  await new Promise((resolve) => setImmediate(resolve));
  expect(String(stderr.read())).toBe('Its name?\n> ');
  stdin.write('drop\n');
  expect(await answers[0]).toBe('drop');
  await new Promise((resolve) => setImmediate(resolve));
  expect(String(stderr.read())).toBe('And this?\n> ');
  stdin.write('keep\n');
  expect(await answers[1]).toBe('keep');
});

it('takes a closed terminal for no answer, and stops to ask when it is stopped', async () => {
  const { stdin, ask } = terminal(true);
  const stop = new AbortController();
  const asked = ask?.('Its name?', stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
  const again = ask?.('Its name?', signal);
  stdin.end();
  expect(await again).toBeUndefined();
});
