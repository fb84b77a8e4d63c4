import { resolve } from 'node:path';
import { z } from 'zod';
import { LifeboatError, limits, parseDuration, plainEnvironment, runProcess } from '../../core/index.ts';
import type { CheckContext, CheckKind, Observation } from '../check.ts';
import { durationOr } from '../parse-check.ts';
import { endOfFile } from './end-of-file.ts';
import { matching } from './matching.ts';
import { beforeRotation } from './rotated.ts';
import { youngerThan } from './young-lines.ts';

const schema = z
  .strictObject({
    of: z.string().min(1).describe('Whose log it is, for people'),
    pattern: z.string().min(1).describe('A regular expression'),
    since: z
      .string()
      .refine(isDuration, 'it must be a duration such as 5m')
      .optional()
      .describe('Only lines this young'),
    file: z.string().min(1).optional().describe('Where it lies; its last part is read'),
    run: z.array(z.string()).min(1).optional().describe('The program that prints it: journalctl, docker, kubectl'),
  })
  .refine(({ file, run }) => file === undefined || run === undefined, 'one of `file` and `run` is enough');
type Settings = z.infer<typeof schema>;

/**
 * `logs: { of: shop, file: /var/log/shop.log, pattern: "ERROR|panic", since: 10m }`, or `run: [journalctl, -u, shop, -o, short-iso]`. Green without
 * `expect`: no line fits the pattern. Gives `count`, `lines` (the last that fit), `looked` (lines that were read) and `ms`. With `since`, a line is
 * as old as the time that it begins with, or else the line before it; where no line bears a time, nobody can tell, and it is red. Where a file was
 * rotated meanwhile, the end of the one before is read too.
 */
export const logsCheck: CheckKind<Settings> = {
  kind: 'logs',
  schema,
  notYet: (written) => {
    const { file, run } = written as Partial<Settings>;
    return file === undefined && run === undefined
      ? 'a look at logs that does not say where they are (file or run)'
      : undefined;
  },
  timeoutMs: limits.logsTimeoutMs,
  files: ({ file }) => (file === undefined ? [] : [file]),
  describe: ({ of, pattern }) => `the logs of ${of} for ${pattern}`,
  observe: async (settings, context) => {
    const startedMs = context.clock.elapsed();
    const expression = expressionOf(settings.pattern);
    const { lines: all, isWhole } = await linesOf(settings, context);
    const lines = settings.since === undefined ? all : youngLines(all, isWhole, settings.since, context);
    const found = matching(expression, lines);
    return {
      ...observation(settings, lines.length, found),
      variables: variablesOf(lines.length, found, context, startedMs),
    };
  },
};

const linesKept = 20;

const variablesOf = (looked: number, found: readonly string[], { clock }: CheckContext, startedMs: number) => ({
  count: found.length,
  lines: found.slice(-linesKept),
  looked,
  ms: clock.elapsed() - startedMs,
});

function observation({ since }: Settings, looked: number, found: readonly string[]): Omit<Observation, 'variables'> {
  const within = since === undefined ? '' : ` of the last ${since}`;
  const last = found.at(-1);
  return {
    ok: found.length === 0,
    expected: 'no line that fits',
    observed: `${found.length} of ${looked} lines${within} fit${last === undefined ? '' : `; the last: ${last}`}`,
  };
}

function youngLines(all: readonly string[], isWhole: boolean, since: string, context: CheckContext): readonly string[] {
  const fromMs = context.clock.now() - parseDuration(since);
  const young = youngerThan(all, fromMs);
  if (young === undefined) {
    throw new LifeboatError(
      'check.unanswered',
      `no line bears a time, so nobody can tell which are of the last ${since}`,
      {
        hint: 'Let the log write times as 2026-11-21T09:00:00Z, or let the program of `run` choose by time.',
      },
    );
  }
  if (!isWhole && young.length === all.length) {
    throw new LifeboatError('check.unanswered', `the last ${since} of the log are more than what is read of it`, {
      hint: 'Ask for a shorter time.',
    });
  }
  return young;
}

/** `isWhole`: nothing came before these lines. */
async function linesOf(settings: Settings, context: CheckContext): Promise<{ lines: string[]; isWhole: boolean }> {
  const { file, run, since } = settings;
  if (file !== undefined) {
    const path = resolve(context.root ?? context.baseFolder, file);
    const end = await endOfFile(path);
    if (since === undefined || !end.isWhole) return end;
    const before = await beforeRotation(path, context.clock.now() - parseDuration(since));
    return { lines: [...before.lines, ...end.lines], isWhole: before.isWhole };
  }
  if (run !== undefined) return linesFrom(run, context);
  throw new LifeboatError('check.unanswered', `nothing says where the logs of ${settings.of} are`, {
    hint: 'Add file: PATH, or run: [PROGRAM, …].',
  });
}

async function linesFrom(
  run: readonly string[],
  context: CheckContext,
): Promise<{ lines: string[]; isWhole: boolean }> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const { exitCode, stderr } = await runProcess(run, {
    cwd: resolve(context.root ?? context.baseFolder),
    env: plainEnvironment(),
    timeoutMs: durationOr(undefined, limits.logsTimeoutMs),
    onOutput: (piece, from) => {
      if (from !== 'stdout') return;
      pieces.push(piece);
      bytes += piece.length;
      while (bytes - (pieces[0]?.length ?? 0) > limits.logBytesMax) bytes -= pieces.shift()?.length ?? 0;
    },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  if (exitCode !== 0) {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    throw new LifeboatError(
      'check.unanswered',
      `${run[0]} ended with exit code ${exitCode}${said === '' ? '' : `: ${said}`}`,
    );
  }
  const text = Buffer.concat(pieces).toString('utf8');
  return { lines: text.split('\n').filter((line) => line !== ''), isWhole: bytes < limits.logBytesMax };
}

function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    throw new LifeboatError('check.failed', `the pattern is no regular expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false; // the schema says what is wrong with it
  }
}
