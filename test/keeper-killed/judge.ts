import type { Posted } from '../../src/communications/testing/receiver.ts';
import type { JournalRecord } from '../../src/journal/index.ts';
import { parseCalendar } from '../../src/plan/index.ts';
import { nextTurn } from '../../src/schedule/due.ts';

/** Turns that no try may be without, as the plan and the product have them; `undefined`: something else asks for it too. */
const calendars: Readonly<Record<string, string | undefined>> = {
  'backup docs': 'every 2s',
  'backup carts': 'every 6h',
  'verify often': 'every 6h',
  'prune near': '1d at 04:30',
  'prune far': '1d at 04:30',
  'drill back': 'every 6h',
  'copy near to far': undefined,
};
export const tasks = Object.keys(calendars);

/** A bound of the product: more missed turns are not counted. */
const countedMax = 1_000;

interface Try {
  readonly began: JournalRecord;
  readonly ended: JournalRecord | undefined;
}

/** What the journal says of turns: each try has one end, each turn is done or made up for once, and what counts as done was done. */
export function wrongTurns(records: readonly JournalRecord[]): string[] {
  const wrong: string[] = [];
  for (const [task, words] of Object.entries(calendars)) {
    const tries = triesOf(task, records, wrong);
    tries.forEach((one, at) => {
      const before = tries[at - 1];
      const { sequence } = one.began;
      if (one.ended === undefined) wrong.push(`${task} ${sequence} has no end`);
      else if (one.ended.data['state'] === 'done' && !workOf(task, one, records))
        wrong.push(`${task} ${sequence} counts as done and was not`);
      if (words === undefined || before === undefined) return;
      const turns = turnsBetween(words, before.began.atMs, one.began.atMs);
      const isMissed = Math.min(countedMax, Math.max(0, turns - 1));
      if (turns < countedMax && Number(one.began.data['missed']) !== isMissed)
        wrong.push(`${task} ${sequence} missed ${String(one.began.data['missed'])} turns, not ${isMissed}`);
      if (turns === 0 && before.ended?.data['state'] === 'done') wrong.push(`${task} ${sequence} was done twice`);
      if (turns === 0 && /^(backup|prune)/.test(task) && workOf(task, before, records))
        wrong.push(`${task} ${sequence} was done again, though its work had come to its end`);
    });
    const last = tries.at(-1);
    // What was under way when the last one was told to end is due again, and was stopped.
    const isStopped = last?.ended?.data['state'] === 'stopped';
    const decides = (isStopped ? tries.at(-2) : last)?.ended?.data;
    if (decides?.['state'] !== 'done') wrong.push(`${task} was not done at last: ${JSON.stringify(decides)}`);
  }
  return wrong;
}

function triesOf(task: string, records: readonly JournalRecord[], wrong: string[]): Try[] {
  const tries: { began: JournalRecord; ended: JournalRecord | undefined }[] = [];
  for (const record of records) {
    if (record.data['task'] !== task) continue;
    const open = tries.at(-1);
    if (record.kind === 'schedule.started') {
      if (open !== undefined && open.ended === undefined) wrong.push(`${task} began twice: ${record.sequence}`);
      tries.push({ began: record, ended: undefined });
    } else if (record.kind === 'schedule.finished') {
      if (open === undefined || open.ended !== undefined) wrong.push(`${task} ended twice: ${record.sequence}`);
      else open.ended = record;
    }
  }
  return tries;
}

/** Whether the record of the work itself stands between the begin and the end of a try. */
function workOf(task: string, { began, ended }: Try, records: readonly JournalRecord[]): boolean {
  const [kind = '', name = ''] = task.split(' ');
  return records.some(
    (one) =>
      one.sequence > began.sequence &&
      one.sequence < (ended?.sequence ?? Infinity) &&
      one.kind === `${kind}.finished` &&
      (kind === 'verify' || Object.values(one.data).includes(name)),
  );
}

function turnsBetween(words: string, fromMs: number, toMs: number): number {
  const calendar = parseCalendar(words, 'UTC');
  let turns = 0;
  let at = nextTurn([calendar], fromMs);
  for (; at !== undefined && at <= toMs && turns < countedMax; at = nextTurn([calendar], at)) turns += 1;
  return turns;
}

/**
 * Of what the receiver got, against what the journal says was to be told: each word on an alarm came, or a later one on the same alarm did; what came more often than
 * once came with one key and the same words, and not more often than it was sent.
 */
export function wrongMessages(records: readonly JournalRecord[], posted: readonly Posted[]): string[] {
  const wrong: string[] = [];
  const came = Map.groupBy(posted, ({ headers }) => String(headers['idempotency-key']));
  const of = (kind: string): JournalRecord[] => records.filter((record) => record.kind === kind);
  // What is for information is told nobody.
  const forPeople = of('alarm.told').filter(({ data }) => data['severity'] !== 'info');
  const told = forPeople.map(({ data }) => ({
    matter: `alarm/${String(data['alert'])}/${String(data['beganMs'])}`,
    number: Number(data['told']),
    state: String(data['state']),
  }));
  const dropped = new Set(of('message.dropped').map(({ data }) => String(data['key'])));
  const keyOf = (one: { matter: string; number: number }): string => `${one.matter}/${one.number}/ops`;
  for (const [matter, words] of Map.groupBy(told, (one) => one.matter)) {
    if (words.some(({ number }, at) => number !== at + 1)) wrong.push(`${matter}: its words are not in a row`);
    if (words.some(({ state }, at) => (state === 'begins') !== (at === 0))) wrong.push(`${matter} began twice`);
    if (words.slice(0, -1).some(({ state }) => state === 'ends')) wrong.push(`${matter} went on after its end`);
    if (words.at(-1)?.state !== 'ends') wrong.push(`${matter} rings still`);
    for (const one of words)
      if (!came.has(keyOf(one)) && !(dropped.has(keyOf(one)) && one !== words.at(-1)))
        wrong.push(`${keyOf(one)} was told nobody`);
  }
  const attempts = Map.groupBy(of('message.attempted'), ({ data }) => String(data['key']));
  const known = new Set(told.map(keyOf));
  for (const [key, times] of came) {
    if (!known.has(key)) wrong.push(`${key} is of nothing that was written down`);
    const bodies = new Set(times.map(({ body }) => body));
    if (bodies.size > 1) wrong.push(`${key} came with other words: ${[...bodies].join(' | ')}`);
    if (times.length > (attempts.get(key)?.length ?? 0)) wrong.push(`${key} came more often than it was sent`);
    const sent = of('message.sent').filter(({ data }) => data['key'] === key).length;
    if (sent > 1) wrong.push(`${key} was sent again after it had been taken`);
  }
  return wrong;
}

/** Bubbles of drills that nobody has destroyed. */
export function leftBubbles(records: readonly JournalRecord[]): unknown[] {
  const of = (kind: string): JournalRecord[] => records.filter((record) => record.kind === kind);
  const gone = new Set(of('bubble.destroyed').flatMap(({ data }) => (data['gone'] === true ? [data['bubble']] : [])));
  return of('bubble.made').flatMap(({ data }) => (gone.has(data['bubble']) ? [] : [data['bubble']]));
}
