import { parentPort } from 'node:worker_threads';
import { carried } from '../../pool/carried.ts';
import type { LogAnswer, LogRequest } from './log-thread.ts';
import { sealLogNow } from './seal-log.ts';

/** The thread's side of `sealLog`: one object after another. */
parentPort?.on('message', ({ task, request }: { task: number; request: LogRequest }) => {
  parentPort?.postMessage(answerTo(task, request), []);
});

function answerTo(task: number, { into, ...sealing }: LogRequest): LogAnswer {
  try {
    return { task, bytes: sealLogNow(sealing, Buffer.from(into.buffer, into.byteOffset, into.length)) };
  } catch (error) {
    return { task, error: carried(error) };
  }
}
