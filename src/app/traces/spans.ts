import { createHash } from 'node:crypto';
import { limits } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';

/** A stretch of work that has ended; ids as W3C Trace Context has them, moments in milliseconds since 1970. */
export interface TracedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The code of what went wrong; undefined: nothing did. */
  readonly wrong: string | undefined;
}

/** 16 bytes by the name of a run, and so the same on every machine that does a part of it. */
export const traceIdOf = (run: string): string => hex(`run ${run}`, 32);
const runSpanId = (run: string): string => hex(`span of ${run}`, 16);
const hex = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits);

/** Where work hangs that belongs to no run: in the trace of whoever started us, or one of our own. */
export interface Root {
  readonly traceId: string;
  readonly spanId: string | undefined;
}

/**
 * Makes spans of the records of a journal: what begins with a record and ends with another one. A run is a trace of its own, whose id follows from its
 * name; a step lies in its run, an operation in the step or the task that does it, else in the root. Nothing but names, numbers and codes is taken over:
 * no words, no settings, no output.
 */
export class Spans {
  readonly #root: Root;
  readonly #open = new Map<string, Begun>();

  constructor(root: Root) {
    this.#root = root;
  }

  /** `firstOf`: the record that began a run, where another process did. Returns what has ended with this record. */
  take(record: JournalRecord, firstOf: (run: string) => JournalRecord | undefined): TracedSpan | undefined {
    const { kind, run } = record;
    if (kind.startsWith('run.') || kind.startsWith('step.') || kind.startsWith('drill.'))
      return run === undefined ? undefined : this.#takeOfRun(record, run, firstOf);
    const [what = '', is = ''] = kind.split('.');
    if (!operations.has(what)) return undefined;
    if (is === 'started') {
      this.#begin(keyOf(what, record, record.sequence), record, this.#placeOf(what, record));
      return undefined;
    }
    const key = keyOf(what, record, Number(record.data['intent']));
    return ends.has(is) ? this.#end(key, what, record) : undefined;
  }

  #takeOfRun(
    record: JournalRecord,
    run: string,
    firstOf: (run: string) => JournalRecord | undefined,
  ): TracedSpan | undefined {
    const { kind, data } = record;
    const inRun = { traceId: traceIdOf(run), parentId: runSpanId(run) };
    const step = `${run} ${String(data['step'])}`;
    if (kind === 'run.started') this.#begin(run, record, { ...inRun, parentId: undefined, spanId: runSpanId(run) });
    if (kind === 'step.started') this.#begin(step, record, { ...inRun, spanId: hex(`${step} ${record.hash}`, 16) });
    if (kind === 'step.finished') return this.#end(step, `step ${String(data['kind'])}`, record);
    if (kind !== 'run.finished') return undefined;
    const first = this.#open.has(run) ? undefined : firstOf(run);
    if (first !== undefined) this.#begin(run, first, { ...inRun, parentId: undefined, spanId: runSpanId(run) });
    const mode = this.#open.get(run)?.record.data['mode'];
    return this.#end(run, mode === 'drill' ? 'drill' : 'run', record);
  }

  /** In the step that does such work, the newest first; else in the task of the schedule; else in the root. */
  #placeOf(what: string, { hash, data }: JournalRecord): Place {
    const spanId = hex(hash, 16);
    if (what === 'schedule') return { traceId: hex(`task ${hash}`, 32), spanId, parentId: undefined };
    const doing = [...this.#open.values()].toReversed().find((begun) => does(begun.record, what, data));
    const parent = doing?.place ?? this.#root;
    return { traceId: parent.traceId, spanId, parentId: parent.spanId };
  }

  #begin(key: string, record: JournalRecord, place: Place): void {
    this.#open.set(key, { record, place });
    // What a process that was killed began ends nowhere.
    const [oldest] = this.#open.keys();
    if (this.#open.size > limits.tracedAtOnce && oldest !== undefined) this.#open.delete(oldest);
  }

  #end(key: string, name: string, last: JournalRecord): TracedSpan | undefined {
    const begun = this.#open.get(key);
    this.#open.delete(key);
    if (begun === undefined) return undefined;
    const { record, place } = begun;
    const attributes = { ...attributesOf(record), ...attributesOf(last) };
    const about = ['asset', 'store', 'to', 'task', 'scenario', 'step'].flatMap(
      (one) => attributes[`lifeboat.${one}`] ?? [],
    );
    return {
      ...place,
      name: [name, about[0]].filter((word) => word !== undefined).join(' '),
      startMs: record.atMs,
      endMs: Math.max(record.atMs, last.atMs),
      attributes,
      wrong: wrongIn(last),
    };
  }
}

interface Place {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
}

interface Begun {
  readonly record: JournalRecord;
  readonly place: Place;
}

const operations = new Set(['backup', 'restore', 'verify', 'copy', 'prune', 'tables', 'inplace', 'forget', 'schedule']);

/** `interrupted`: somebody found later that its process was killed. */
const ends = new Set(['finished', 'failed', 'interrupted', 'outside']);

const keyOf = (what: string, { data }: JournalRecord, intent: number): string =>
  what === 'schedule' ? `task ${String(data['task'])}` : `${what} ${intent}`;

/** `step.started` of kind restore does a restore; `schedule.started` of `backup docs` the backups of docs. */
function does({ kind, data }: JournalRecord, what: string, of: Readonly<Record<string, unknown>>): boolean {
  if (kind === 'step.started') return data['kind'] === what;
  if (kind !== 'schedule.started') return false;
  const [action, subject] = String(data['task']).split(' ');
  if (action === 'backup' || action === 'prune') return action === what && [of['asset'], of['store']].includes(subject);
  return action === what || (action === 'drill' && what === 'restore');
}

/** What is a name, a number or a state; a list of what is wanted, so that nothing else ever leaves. */
const names = 'asset store from to point task scenario mode step kind state verdict depth'.split(' ');
const figures = 'attempt bytes storedBytes seconds missed'.split(' ');

function attributesOf({ data, run }: JournalRecord): Record<string, string | number | boolean> {
  const found: Record<string, string | number | boolean> = {};
  const take = (key: string, types: readonly string[]): void => {
    const value = data[key] as string | number | boolean;
    if (types.includes(typeof value)) found[`lifeboat.${key}`] = value;
  };
  for (const key of names) take(key, ['string', 'number', 'boolean']);
  // A text where a figure belongs is none that anybody wanted.
  for (const key of figures) take(key, ['number']);
  take('ok', ['boolean']);
  if (run !== undefined) found['lifeboat.run'] = run;
  return found;
}

function wrongIn({ data, kind }: JournalRecord): string | undefined {
  const { code } = (data['error'] ?? {}) as { code?: string };
  const own = typeof data['code'] === 'string' ? data['code'] : undefined;
  const state = String(data['state'] ?? data['verdict'] ?? '');
  const isWrong = kind.endsWith('.failed') || ['failed', 'red', 'in-doubt', 'cancelled'].includes(state);
  return code ?? own ?? (isWrong ? state || 'failed' : kind.endsWith('.interrupted') ? 'interrupted' : undefined);
}
