import { createInterface } from 'node:readline/promises';

/** Asks one line of whoever sits at the terminal; undefined when they close it instead. Rejects with the signal's reason. */
export type Ask = (question: string, signal: AbortSignal) => Promise<string | undefined>;

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Undefined where nobody sits. Questions that come at once are asked one after the other. */
export function askAt({ stdin, stderr }: Terminal): Ask | undefined {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  let before: Promise<unknown> = Promise.resolve();
  return (question, signal) => {
    const answer = before.then(() => askOne(stdin, stderr, question, signal));
    before = answer.catch(() => {}); // whoever asked hears of it
    return answer;
  };
}

async function askOne(
  stdin: Terminal['stdin'],
  stderr: Terminal['stderr'],
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  // Not as a terminal of its own: ^C stays a signal to the process, which ends what runs.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    stderr.write(`${question}\n> `);
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  } finally {
    lines.close();
  }
}
