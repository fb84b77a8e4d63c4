import { parentPort, workerData } from 'node:worker_threads';
import type { Answer } from './asking.ts';
import { sqliteError } from './errors.ts';
import { askNow, type Question } from './pragmas.ts';

/** The thread's side of `asked`: one question, one answer. */
void answerOnce(workerData as Question);

async function answerOnce(question: Question): Promise<void> {
  try {
    answer(await askNow(question));
  } catch (error) {
    const { code, message, where, hint } = sqliteError(error, question.file);
    answer({ error: { code, message, where, hint } });
  }
}

function answer(said: Answer): void {
  parentPort?.postMessage(said, []);
}
