import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { isLifeboatError, LifeboatError, limits, parseDuration, redact, toLifeboatError } from '../../../core/index.ts';
import { holds } from '../../../plan/index.ts';
import { inDatabase, onServer, serverUrlOf, shownServer } from '../../hands/postgres.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { callsIn, listOf, longOf, type Long, type Settings } from './settings.ts';
import { noteMaking, undoneLook, type Look, type Tool } from './tool.ts';

/**
 * What a PostgreSQL has, by its own words: `look` asks for it in a transaction that may only read, and `make` is said where it is not there, each text
 * by itself (what a server refuses in a transaction, `create database` for example, stands alone in its text).
 */
export function sqlTool(input: StepInput<Settings>, context: StepContext): Tool {
  const settings = longOf(input.settings);
  const { look: question, make, undo: back, expect, asset = '', database } = settings;
  const where = async (): Promise<string> => {
    const url = await serverUrlOf(context.plan, asset);
    return database === undefined ? url : inDatabase(url, database);
  };

  const look = async (): Promise<Look> => {
    const url = await where();
    const rows = await rowsOf(url, listOf(question).join('\n'), context.signal);
    if ('said' in rows) return { state: 'unknown', text: rows.said };
    const value = Object.values(rows.all[0] ?? {})[0] ?? null;
    const asked = expect ?? `what ${shownServer(url)} is asked for`;
    const is = expect === undefined ? isYes(value) : judged(expect, { value, rows: rows.all });
    if (typeof is === 'string') return { state: 'unknown', text: is };
    if (!is) return { state: 'missing', isAbsent: !isYes(value), text: `${asked} is not so in ${shownServer(url)}` };
    return { state: 'there', text: `${asked} is so in ${shownServer(url)}`, outputs: rows.all[0] ?? {} };
  };

  const sayAll = async (texts: readonly string[]) => {
    const url = await where();
    for (const [index, text] of texts.entries()) {
      await context.mustHold();
      // Its time is over since the last one: nothing would end this one any more.
      if (context.signal.aborted)
        throw new LifeboatError('operation.cancelled', `text ${index + 1} of ${texts.length} was not said any more`);
      try {
        await onServer(url, context.signal, (client) => say(client, text), { unbounded: true });
      } catch (error) {
        // Its time is over, or people stopped it: the server would go on with it.
        if (context.signal.aborted) await endForGood();
        const { code, message, hint } = toLifeboatError(error);
        const summary = redact(`text ${index + 1} of ${texts.length}: ${message}`);
        return { state: 'failed' as const, code, summary, ...(hint === undefined ? {} : { hint }) };
      }
      context.output(redact(`${shownServer(url)} took: ${text.replaceAll(/\s+/g, ' ').trim().slice(0, 160)}`));
    }
    return undefined;
  };

  const say = async (client: Client, text: string): Promise<void> => {
    const own = "select set_config('application_name', $1, false), set_config('statement_timeout', '0', false)";
    await client.query(own, [sessionOf(input.key)]);
    await client.query(text);
  };

  const endSessions = async (signal: AbortSignal): Promise<void> => {
    await onServer(await where(), signal, async (client) => {
      for (let round = 0; round < limits.sessionRoundsMax; round += 1) {
        const ask = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1';
        const { rows } = await client.query(ask, [sessionOf(input.key)]);
        if (rows.length === 0) return;
        await context.clock.sleep(100, signal);
      }
      throw new LifeboatError('target.refused', 'what this step said is still under way in the server');
    });
  };

  const endForGood = async (): Promise<void> => {
    try {
      await endSessions(new AbortController().signal);
    } catch (error) {
      const why = `what this step said may still be under way in the server: ${toLifeboatError(error).message}`;
      throw new LifeboatError('process.unstoppable', redact(why), { cause: error });
    }
  };

  /** A server goes on with a text whose client is gone: what an earlier attempt left under way is ended before anybody looks. */
  const tidy = async (): Promise<void> => {
    if (input.remembered['made'] === true) await endSessions(context.signal);
  };

  return {
    program: 'sql',
    patienceMs: settings.within === undefined ? undefined : parseDuration(settings.within),
    tidy,
    look,
    preview: async () => {
      const { state, text } = await look();
      if (state === 'there') return { certainty: 'proved', text: `${text}: nothing is made` };
      return state === 'missing'
        ? { certainty: 'predicted', text: `${text} now: ${textsIn(make).length} texts make it` }
        : { certainty: 'unknown', text };
    },
    make: async () => {
      const before = await look();
      if (before.state === 'there') return undefined; // it answered late, or somebody else was faster: nothing of it is ours
      if (before.state === 'unknown') {
        const summary = `nobody can tell what is there: ${before.text}`;
        return { state: 'failed', code: 'target.unreachable', summary };
      }
      noteMaking(input.remembered, before, context);
      return sayAll(textsIn(make));
    },
    undo: async (remembered) => {
      if (remembered['made'] !== true)
        return { state: 'done', outputs: {}, summary: 'it was there before: nothing was made' };
      await tidy();
      if (undoneLook(await look(), remembered).state === 'there')
        return { state: 'done', outputs: {}, summary: 'it is not there any more' };
      const failure = await sayAll(textsIn(back));
      return failure ?? { state: 'done', outputs: {}, summary: 'it was told to go' };
    },
    lookUndone: async (remembered) => undoneLook(await look(), remembered),
  };
}

/** What sessions that make or take back for a step are called, so that they are found again. */
export const sessionOf = (key: string): string =>
  `lifeboat ${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;

/** In a transaction that may only read: what looks must change nothing. */
async function rowsOf(
  url: string,
  question: string,
  signal: AbortSignal,
): Promise<{ readonly all: readonly Record<string, unknown>[] } | { readonly said: string }> {
  try {
    return await onServer(url, signal, async (client) => {
      await client.query('begin read only');
      const { rows, fields } = await client.query<Record<string, unknown>>(question);
      await client.query('rollback');
      const counts = fields.filter(({ dataTypeID }) => dataTypeID === bigint).map(({ name }) => name);
      const all = JSON.parse(JSON.stringify(rows)) as Record<string, unknown>[];
      for (const row of all) for (const name of counts) row[name] = numberOf(row[name]);
      return { all };
    });
  } catch (error) {
    return { said: redact(toLifeboatError(error).message) };
  }
}

/** What `count(*)` gives; the driver hands it over as text, since it may be larger than a number here can be. */
const bigint = 20;
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && Number.isSafeInteger(Number(value)) ? Number(value) : value;

/** Whether it holds, or in words why nobody can tell. */
function judged(expect: string, names: Record<string, unknown>): boolean | string {
  try {
    return holds(expect, names);
  } catch (error) {
    if (isLifeboatError(error, 'expression.invalid')) return redact(error.message);
    throw error;
  }
}

const textsIn = (written: Long['make']): readonly string[] => callsIn(written).flat();

/** As people read it: no row, null, false, 0 and an empty text say no. */
const isYes = (value: unknown): boolean =>
  value !== null && value !== false && value !== 0 && value !== '' && value !== '0';
