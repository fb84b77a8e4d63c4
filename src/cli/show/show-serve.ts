import type { ServeEvent } from '../../app/index.ts';
import { formatDuration, isoTime, redactData, systemClock } from '../../core/index.ts';
import type { CommandContext } from '../command.ts';

/** A line for each thing that begins and ends; with --json an object on standard error. */
export function showServeEvent({ json, output }: CommandContext, event: ServeEvent): void {
  const at = isoTime(systemClock.now());
  if (json) process.stderr.write(`${JSON.stringify(redactData({ at, ...event }))}\n`);
  else output.line(`${at} ${wordsOf(event)}`);
}

function wordsOf(event: ServeEvent): string {
  switch (event.event) {
    case 'listening':
      return `metrics and health at ${event.url}/metrics and ${event.url}/healthz`;
    case 'set_up':
      return `nobody has an account yet: make the first at ${event.url} with the code ${event.code}`;
    case 'standing_by':
      return `standing by: ${event.words}`;
    case 'keeping':
      return keepingWords(event);
    case 'lost':
      return `the schedule is not ours any more: ${event.words}`;
    case 'stopping':
      return event.running.length === 0
        ? 'ending: nothing is under way'
        : `ending: waiting for ${event.running.join(', ')}`;
    case 'plan_refused':
      return `the plan has changed and is refused, the one before is kept to: ${event.error.message}`;
    case 'began':
      return `${event.task}: begins${event.missed === 0 ? '' : `, for ${event.missed + 1} turns`}`;
    case 'ended':
      return `${event.task}: ${endWords(event.outcome)} (${formatDuration(event.seconds * 1000)})`;
    case 'silent':
      return `${event.task}: hangs, no progress for ${formatDuration(event.silentSeconds * 1000)}`;
    case 'trouble':
      return `nothing can begin: ${event.error.message} [${event.error.code}]`;
    case 'stream':
      return event.words;
    case 'note':
      return event.task === undefined ? event.words : `${event.task}: ${event.words}`;
  }
}

function keepingWords({ stores, without, tasks, streams, next }: Extract<ServeEvent, { event: 'keeping' }>): string {
  const told = stores.length === 0 ? 'no store can tell others' : `told others in ${stores.join(', ')}`;
  const streaming = streams === 0 ? '' : ` and ${streams} stream${streams === 1 ? '' : 's'}`;
  const first = next === undefined ? '' : `, the first ${next.task} at ${isoTime(next.atMs)}`;
  const silent = without.length === 0 ? '' : `; not in ${without.join('; ')}`;
  return `keeping the schedule: ${tasks} thing${tasks === 1 ? '' : 's'} with a calendar${streaming}${first}; ${told}${silent}`;
}

function endWords(outcome: Extract<ServeEvent, { event: 'ended' }>['outcome']): string {
  if (outcome.state === 'done') return `done, ${outcome.words}`;
  if (outcome.state === 'stopped') return `stopped, ${outcome.words}`;
  const what = outcome.state === 'red' ? 'RED' : 'failed';
  return `${what}, ${outcome.words} [${outcome.code}]`;
}
