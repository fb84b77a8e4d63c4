import { ApiError, createClient } from '../../../api/client.ts';
import { nowMs } from './clock.ts';

export { ApiError } from '../../../api/client.ts';

let answeredMs = nowMs();
const listeners = new Set<(answered: boolean) => void>();

/** Told whether the server was reached, after each question. */
export const onAnswer = (listener: (answered: boolean) => void): void => void listeners.add(listener);

/** When the server last answered anything. */
export const lastAnswerMs = (): number => answeredMs;

export const api = createClient({ fetch: noted });

async function noted(...question: Parameters<typeof fetch>): Promise<Response> {
  try {
    const answer = await fetch(...question);
    answeredMs = nowMs();
    for (const listener of listeners) listener(true);
    return answer;
  } catch (error) {
    // Who gave up asking learnt nothing of the server.
    if (question[1]?.signal?.aborted !== true) for (const listener of listeners) listener(false);
    throw error;
  }
}

export const isOffline = (error: unknown): boolean => error instanceof ApiError && error.status === 0;
