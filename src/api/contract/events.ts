import { z } from 'zod';
import { moment } from './common.ts';
import { operation } from './operations.ts';
import { restore } from './restores.ts';

/**
 * What `GET events` sends, one JSON object an event; its SSE name is `type`. Those of the journal carry its sequence as their id: who comes back
 * with `Last-Event-ID` misses none. The others say what is so now, and are not sent again.
 */
export const apiEvent = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('record'),
      sequence: z.number().int(),
      at: moment,
      kind: z.string().describe('`step.finished`, `backup.failed`, `schedule.started`…'),
      run: z.string().nullable(),
      /** Names alone: which asset, store, step, task, drill or scenario it is about, and how it went. */
      about: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    }),
    z.object({ type: z.literal('readiness'), at: moment }),
    z.object({ type: z.literal('points'), at: moment }),
    z.object({ type: z.literal('operation'), at: moment, operation }),
    z.object({ type: z.literal('restore'), at: moment, restore }),
    z.object({ type: z.literal('output'), at: moment, run: z.string(), step: z.string(), lines: z.array(z.string()) }),
    z.object({ type: z.literal('note'), at: moment, event: z.string(), words: z.string() }),
    /** Too much was missed to send it all: read anew what is shown. */
    z.object({ type: z.literal('gap'), at: moment, sequence: z.number().int() }),
    /** The server is there. */
    z.object({ type: z.literal('beat'), at: moment }),
  ])
  .meta({ id: 'Event' });
export type ApiEvent = z.infer<typeof apiEvent>;
