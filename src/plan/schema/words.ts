import { z } from 'zod';
import { LifeboatError, parseDuration } from '../../core/index.ts';
import { parseCalendar } from '../calendar/calendar.ts';
import type { FindingCode } from '../finding-codes.ts';

/** What a check of ours adds to an issue of zod, so that it becomes a finding with its own code and hint. */
export interface IssueWords {
  readonly code: FindingCode;
  readonly hint?: string | undefined;
}

export const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const name = z.string().regex(namePattern).meta({ description: 'A letter, then letters, digits, _ or -' });

/** Step names are read in expressions, `steps.bring_back.url`, so they are identifiers. */
export const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
export const identifier = z.string().regex(identifierPattern);

export const text = z.string().min(1);

/** In: `15m`, `24h`, `90d`. Out: milliseconds. */
export const duration = z
  .string()
  .meta({ description: 'A duration: 30s, 15m, 24h, 1h30m, 90d', examples: ['15m', '24h'] })
  .transform((words, context) => attempt(context, 'plan.wrong_value', () => parseDuration(words)));

/** From the shorter to the longer, in milliseconds; both the same where one duration is written. */
export interface DurationRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** In: `2h`, `2h-3h`, `60-120m`. The longer end is what is promised. */
export const durationRange = z
  .string()
  .meta({ description: 'A duration, or from the shorter to the longer: 2h, 2h-3h, 60-120m', examples: ['2h', '2h-3h'] })
  .transform((words, context) => attempt(context, 'plan.wrong_value', () => parseRange(words)));

/** In: `50%`. Out: 0.5. */
export const share = z
  .string()
  .regex(/^\d{1,3}%$/, 'it must be a share such as 50%')
  .meta({ description: 'A share: 50%' })
  .transform((words) => Number.parseInt(words, 10) / 100);

/** A calendar or a list of them, as written: the zone is known only to the whole plan. */
export const calendars = z
  .union([calendarWord(), z.array(calendarWord()).min(1)])
  .transform((words) => (typeof words === 'string' ? [words] : words));

/** One of three ways to name where a secret is; a plain text here is a finding of its own. */
export const secretSource = z
  .strictObject({ env: text.optional(), file: text.optional(), exec: z.tuple([text], text).optional() })
  .superRefine((source, context) => {
    if (Object.keys(source).length === 1) return;
    issue(
      context,
      'plan.wrong_value',
      'a secret has exactly one source',
      'Write { env: NAME }, { file: PATH } or { exec: [PROGRAM, …] }.',
    );
  })
  .meta({
    id: 'secret',
    description: 'Where the secret is: { env }, { file } or { exec }',
    minProperties: 1,
    maxProperties: 1,
  });

/** A value that may stand in the plan or come from a source; a password in it may not stand there. */
export const secretOrText = z.union([text, secretSource]);

export const objectives = z.strictObject({
  rto: durationRange.optional().describe('From the impact to stable green checks, at most'),
  rpo: durationRange.optional().describe('The span of acknowledged work that may be lost, at most'),
  mttr: duration.optional().describe('The mean time to recover, over real runs'),
  mtbf: duration.optional().describe('The mean time between failures, over the incidents'),
});

export const listOf = <T extends z.ZodType>(item: T) => z.array(item);

export function issue(context: z.RefinementCtx, code: FindingCode, message: string, hint?: string): void {
  const words: IssueWords = { code, hint };
  context.addIssue({ code: 'custom', message, params: words });
}

/** Runs a parser of ours inside a schema: what it throws becomes a finding. */
export function attempt<T>(context: z.RefinementCtx, code: FindingCode, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LifeboatError)) throw error;
    issue(context, code, error.message, error.hint);
    return z.NEVER;
  }
}

function parseRange(words: string): DurationRange {
  const ends = words.split('-').map((end) => end.trim());
  if (ends.length !== 2) return { fromMs: parseDuration(words), toMs: parseDuration(words) };
  const [shorter = '', longer = ''] = ends;
  // In `60-120m` the unit of the second end is that of the first.
  const unit = /^[\d.]+$/.test(shorter) ? longer.replace(/^[\d.]+/, '') : '';
  const range = { fromMs: parseDuration(`${shorter}${unit}`), toMs: parseDuration(longer) };
  if (range.fromMs <= range.toMs) return range;
  throw new LifeboatError('plan.invalid', `"${words}" goes from the longer to the shorter`, {
    hint: 'Write the shorter end first: 1h-2h.',
  });
}

function calendarWord() {
  return z
    .string()
    .meta({
      description: 'When: every 6h, 1d at 02:00, first saturday at 10:00, quarterly, a cron line',
      examples: ['1d at 02:00'],
    })
    .superRefine((words, context) => void attempt(context, 'plan.bad_calendar', () => parseCalendar(words, 'UTC')));
}
