import type { ChildProcess } from 'node:child_process';
import type { DeadlyRecord } from './deadly-records.ts';

/** Says a word to a child, until it has answered `heard`, or is gone. Leaves nothing that listens: a child that lives long is told many. */
export async function told(child: ChildProcess, word: DeadlyRecord | 'live'): Promise<void> {
  const over = Promise.withResolvers<void>();
  const onAnswer = (answer: unknown): void => {
    if (answer === 'heard') over.resolve();
  };
  const onGone = (): void => over.resolve();
  child.on('message', onAnswer);
  child.once('exit', onGone);
  if (isGone(child)) over.resolve();
  child.send(word, () => {}); // one that is gone hears nothing, and its end is seen
  await over.promise;
  child.off('message', onAnswer);
  child.off('exit', onGone);
}

export const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

export const gone = (child: ChildProcess): Promise<void> =>
  isGone(child) ? Promise.resolve() : new Promise((resolve) => void child.once('exit', () => resolve()));
