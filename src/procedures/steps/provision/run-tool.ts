import {
  LifeboatError,
  limits,
  plainEnvironment,
  readText,
  redact,
  runProcess,
  stepMark,
} from '../../../core/index.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { lineSplitter } from '../../hands/lines.ts';
import { longOf, type Settings } from './settings.ts';

export interface Said {
  readonly exitCode: number | null;
  /** Whole and not redacted: for reading, never for showing. */
  readonly stdout: string;
  /** The end of it, redacted. */
  readonly stderr: string;
}

export interface AskOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Its lines are shown while it works; not for answers that are read. */
  readonly shown?: boolean;
}

/** How a tool of a step is asked: argv, a clean environment with what the step adds, ended with the step, found again after a crash. */
export type Ask = (argv: readonly string[], options?: AskOptions) => Promise<Said>;

/** Throws `process.missing`, `target.unreadable` for an answer without end. */
export function askerOf({ key, settings }: StepInput<Settings>, context: StepContext): Ask {
  return async (argv, { cwd, input, env = {}, shown = false } = {}) => {
    const own = Object.entries(longOf(settings).env ?? {});
    const named = await Promise.all(own.map(async ([name, source]) => [name, await readText(source)] as const));
    const pieces: Buffer[] = [];
    let bytes = 0;
    const lines = lineSplitter((line) => context.output(redact(line)));
    const { exitCode, stderr } = await runProcess(argv, {
      cwd: cwd ?? context.plan.folder,
      env: { ...plainEnvironment({ ...Object.fromEntries(named), ...env }), ...stepMark(key) },
      signal: context.signal,
      ...(input === undefined ? {} : { input }),
      onOutput: (piece, from) => {
        if (shown) lines.push(piece, from);
        if (from !== 'stdout') return;
        bytes += piece.length;
        if (bytes <= limits.toolAnswerBytesMax) pieces.push(piece);
      },
    });
    lines.end();
    if (bytes > limits.toolAnswerBytesMax) throw unreadable(argv[0] as string, 'it is larger than anybody reads');
    return { exitCode, stdout: Buffer.concat(pieces).toString('utf8'), stderr };
  };
}

export function jsonOf(program: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(program, 'it is no JSON', error);
  }
}

export const unreadable = (program: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('target.unreadable', `what ${program} answers cannot be read: ${why}`, {
    hint: 'Its version may be one that answers in another way. Do this by hand, then go on with the run.',
    ...(cause === undefined ? {} : { cause }),
  });

/** The last lines of what a tool said, on one line. */
export const lastWords = ({ stderr, stdout }: Said): string =>
  redact((stderr.trim() || stdout.trim()).split('\n').slice(-4).join(' / ').trim()).slice(0, 600);

export const refused = (program: string, said: Said, hint?: string) => ({
  state: 'failed' as const,
  code: 'target.refused',
  summary: `${program} ended with ${said.exitCode === null ? 'a signal' : `exit code ${said.exitCode}`}: ${lastWords(said)}`,
  ...(hint === undefined ? {} : { hint }),
});
