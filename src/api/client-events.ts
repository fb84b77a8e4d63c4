import type { ApiEvent } from './contract/index.ts';
import { apiBase, silenceMs } from './contract/words.ts';
import type { ClientOptions } from './client.ts';

export interface EventListener {
  event(event: ApiEvent): void;
  /** `live`: what is shown is so now; `away`: nobody answers, and it is tried again by itself. */
  state?(state: 'live' | 'away'): void;
}

/** Pauses between tries, milliseconds: at once after a hiccup, and then so seldom that a server that comes back is not run over. */
const pausesMs = [250, 1_000, 2_000, 5_000, 10_000];

/** Until the signal fires. Who was away gets what was missed, or is told that it is too much (`gap`). */
export async function followEvents(
  { base = '', token, fetch: send = fetch }: ClientOptions,
  listener: EventListener,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  for (let tries = 0; !signal.aborted;) {
    const silence = new Silence(signal);
    try {
      const answer = await send(`${base}${apiBase}/events`, {
        credentials: 'same-origin',
        redirect: 'error',
        signal: silence.signal,
        headers: {
          accept: 'text/event-stream',
          ...(last === undefined ? {} : { 'last-event-id': last }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      });
      if (!answer.ok || answer.body === null) throw new Error(`the server answers ${answer.status}`);
      listener.state?.('live');
      for await (const { id, data } of eventsIn(answer.body, () => silence.heard())) {
        tries = 0;
        last = id ?? last;
        listener.event(JSON.parse(data) as ApiEvent);
      }
    } catch {
      // Cut off, refused or silent: all the same to who waits, and tried again.
    }
    if (signal.aborted) return;
    listener.state?.('away');
    await pause(pausesMs[Math.min(tries, pausesMs.length - 1)] ?? 0, signal);
    tries += 1;
  }
}

/** Fires when nothing was heard for too long. */
class Silence {
  readonly #controller = new AbortController();
  #timer: AbortSignal | undefined;
  readonly signal: AbortSignal;

  constructor(end: AbortSignal) {
    this.signal = AbortSignal.any([end, this.#controller.signal]);
    this.heard();
  }

  heard(): void {
    const timer = AbortSignal.timeout(silenceMs);
    this.#timer = timer;
    timer.addEventListener('abort', () => {
      if (this.#timer === timer) this.#controller.abort(new Error('silence'));
    });
  }
}

async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
): AsyncGenerator<{ id: string | undefined; data: string }> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text += decoder.decode(value, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string): string | undefined =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}: `))
            ?.slice(name.length + 2);
        const data = field('data');
        if (data !== undefined) yield { id: field('id'), data };
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // it was cut off already
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const either = AbortSignal.any([AbortSignal.timeout(ms), signal]);
    either.addEventListener('abort', () => resolve(), { once: true });
  });
}
