import { LifeboatError } from '../../core/index.ts';
import type { ApiEvent } from '../contract/index.ts';
import type { Desk } from '../desk.ts';
import { callerOf, mustBe, type Asking } from '../security/caller.ts';

/** `GET events`: what is written into the journal, and what this server says of itself, as Server-Sent Events. */
export function eventRoutes(desk: Desk): void {
  desk.app.get('/events', (asking) => {
    const { name } = mustBe(asking.get('caller'), 'viewer');
    if (desk.events.isFull(name)) throw new LifeboatError('api.busy', 'too many listen to events already');
    const last = asking.req.header('last-event-id') ?? asking.req.query('after');
    if (last !== undefined && !/^\d{1,15}$/.test(last))
      throw new LifeboatError('api.invalid', 'Last-Event-ID is the number of a record');
    const heads = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };
    // Who asks for the head alone reads nothing, and would never leave.
    if (asking.req.method === 'HEAD') return asking.body(null, 200, heads);
    // Not a response of its own: that would go without what stands in the head of every answer.
    return asking.body(streamOf(desk, asking, name, last === undefined ? undefined : Number(last)), 200, heads);
  });
}

/** Sent as fast as it is taken: what waits is bounded by who gives it. */
function streamOf(desk: Desk, asking: Asking, who: string, after: number | undefined): ReadableStream<Uint8Array> {
  const listener = desk.events.listen(who, after);
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await listener.next();
        if (next === undefined || !mayGoOn(desk, asking, next.event)) {
          listener.end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(blockOf(next.id, next.event)));
      },
      cancel: () => listener.end(),
    },
    { highWaterMark: 1 },
  );
}

/** Who is signed out, or whose token has ended, hears no more than one beat. */
function mayGoOn(desk: Desk, asking: Asking, { type }: ApiEvent): boolean {
  if (type !== 'beat') return true;
  try {
    return callerOf(asking, desk.accounts, desk.sessions) !== undefined;
  } catch {
    return false; // a token that is not good any more
  }
}

const blockOf = (id: string | undefined, event: ApiEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
