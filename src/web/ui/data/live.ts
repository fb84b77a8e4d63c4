import { useSyncExternalStore } from 'react';
import type { ApiEvent, Restore, Run } from '../../../api/contract/index.ts';
import { api, lastAnswerMs, onAnswer } from './api.ts';
import { client } from './client.ts';
import { after, nowMs } from './clock.ts';

/** `live`: every change is told at once. `away`: what is shown was so at `asOfMs`. */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'away';
  readonly asOfMs: number;
}

/** Changes that come together are read once. */
const gatherMs = 120;
const outputLinesMax = 200;

let connection: Connection = { state: 'connecting', asOfMs: nowMs() };
const listeners = new Set<() => void>();
let heardMs = nowMs();

export const useConnection = (): Connection =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => connection,
  );

function become(state: Connection['state']): void {
  if (state === connection.state) return;
  const asOfMs = state === 'away' ? Math.max(heardMs, lastAnswerMs()) : nowMs();
  connection = { state, asOfMs };
  for (const listener of listeners) listener();
}

/** From the sign-in to the sign-out. Returns what ends it. */
export function listen(): () => void {
  const end = new AbortController();
  onAnswer((answered) => {
    // One question that was not answered is enough to say so; that all is well again is said by the events.
    if (!answered && !end.signal.aborted) become('away');
  });
  void api.events({ event: take, state: (state) => (state === 'live' ? back() : lost()) }, end.signal);
  return () => end.abort();
}

function back(): void {
  const before = connection.state;
  heardMs = nowMs();
  become('live');
  // Whatever was missed is read again: also what changed between the first answers and now. What is still asked for was not answered before.
  if (before !== 'live') void client.invalidateQueries({}, { cancelRefetch: before === 'away' });
}

function lost(): void {
  become('away');
  // It may be the session that is over, and not the server.
  void client.invalidateQueries({ queryKey: ['session'] });
}

function take(event: ApiEvent): void {
  heardMs = nowMs();
  if (connection.state !== 'live') back();
  switch (event.type) {
    case 'record':
      return takeRecord(event);
    case 'readiness':
      return renew(['readiness'], ['operations']);
    case 'points':
      return renew(['points'], ['reach'], ['stores']);
    case 'operation':
      return renew(['operations']);
    case 'restore':
      client.setQueryData<Restore>(['restore', event.restore.id], event.restore);
      // An older answer may be on its way: the last word is asked for once more.
      return event.restore.state === 'running' ? undefined : renew(['restores'], ['restore', event.restore.id]);
    case 'output':
      return addOutput(event);
    case 'gap':
      return void client.invalidateQueries();
    case 'note':
      return event.event.startsWith('plan') ? renew(['plan'], ['readiness']) : undefined;
    case 'beat':
      return undefined;
  }
}

/** What may make, prove, harm or keep a point. */
const changesPoints = /^(backup|copy|replicate|verify|restore|prune|retention|forget|hold|points?)\.(?!started)/;

function takeRecord({ kind, run }: Extract<ApiEvent, { type: 'record' }>): void {
  const [room] = kind.split('.');
  if (room === 'audit') renew(['audit'], ['accounts'], ['tokens']);
  if (run !== null) renew(['run', run], ['runs']);
  if (room === 'drill') renew(['drills'], ['runs']);
  if (room === 'schedule') renew(['operations'], ...(kind === 'schedule.plan' ? [['plan']] : []));
  if (changesPoints.test(kind)) renew(['points'], ['reach'], ['readiness']);
}

function addOutput({ run, step, lines }: Extract<ApiEvent, { type: 'output' }>): void {
  client.setQueryData<Run>(['run', run], (before) =>
    before === undefined
      ? before
      : {
          ...before,
          steps: before.steps.map((one) =>
            one.id === step ? { ...one, output: [...one.output, ...lines].slice(-outputLinesMax) } : one,
          ),
        },
  );
}

const waiting = new Map<string, readonly string[]>();

function renew(...keys: readonly (readonly string[])[]): void {
  if (waiting.size === 0) after(gatherMs, flush);
  for (const key of keys) waiting.set(key.join(' '), key);
}

function flush(): void {
  for (const queryKey of waiting.values()) void client.invalidateQueries({ queryKey });
  waiting.clear();
}
