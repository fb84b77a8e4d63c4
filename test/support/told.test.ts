import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { gone, told } from './told.ts';

let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  if (child !== undefined) await gone(child);
});

it('leaves nothing that listens behind, however often a child that lives is told something', async () => {
  const answers = "process.on('message', () => process.send('heard'))";
  child = spawn(process.execPath, ['-e', answers], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const listening = (): number[] => ['message', 'exit'].map((name) => child?.listenerCount(name) ?? 0);
  const before = listening();
  for (let words = 0; words < 12; words += 1) await told(child, 'live');
  expect(listening()).toEqual(before);
});

it('waits for no answer of one that is gone', async () => {
  child = spawn(process.execPath, ['-e', ''], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await gone(child);
  await told(child, 'live');
});
