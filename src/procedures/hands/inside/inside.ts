import { randomBytes } from 'node:crypto';
import {
  isLifeboatError,
  LifeboatError,
  limits,
  redact,
  runProcess,
  stepMark,
  toLifeboatError,
  type ProcessResult,
} from '../../../core/index.ts';
import { lineSplitter } from '../lines.ts';
import { endScript, openScript, workScript } from '../remote-script.ts';

/** A container that runs, reached by the tool that people have for it. Its `sh` is told what to do on its input: nothing of that stands in an argument list. */
export interface Door {
  /** For people: the container shop. */
  readonly shown: string;
  /** The tool's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The tool and its words, up to the program that is run in there, with its input open. */
  readonly enter: readonly string[];
  /** The same for whoever ends what others started there. */
  readonly enterToEnd: readonly string[];
  /** Whether it runs, in words, or that it does not; asked of the tool, and changes nothing. Throws `target.unreachable`. */
  look(signal: AbortSignal): Promise<{ readonly runs: boolean; readonly text: string }>;
}

export interface InsideWork {
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `RUN/STEP`: what a dead runner left is found by it. */
  readonly mark: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  onLine(line: string): void;
  /** Told before the program begins: the session in there that it belongs to, whoever becomes its parent or its user. */
  onSession(session: string): void;
}

/**
 * Runs a program in there, word for word. Only what the shell in there says counts as the program's end: what the tool ends with may be its own. When it
 * is stopped, or the connection breaks, its end in there is confirmed. Throws `target.unreachable`, `operation.cancelled`, `process.*`.
 */
export async function runInside(door: Door, argv: readonly string[], work: InsideWork): Promise<ProcessResult> {
  const word = `lifeboat-${randomBytes(8).toString('hex')}`;
  const script = workScript(argv, work, word);
  const begun = Promise.withResolvers<string>();
  const heard = listener(word, work.onLine, (session) => {
    if (session !== '') work.onSession(session);
    begun.resolve(script);
  });
  if (work.signal.aborted) throw new LifeboatError('operation.cancelled', `${argv[0]} was stopped before it began`);
  try {
    const result = await runProcess([...door.enter, 'sh'], {
      env: { ...door.env, ...stepMark(work.mark) },
      input: openScript(word),
      inputAfter: begun.promise,
      signal: work.signal,
      graceMs: limits.doorGraceMs,
      onOutput: heard.push,
      ...(work.timeoutMs === undefined ? {} : { timeoutMs: work.timeoutMs }),
    });
    const { hasBegun, exitCode, stdout, stderr } = heard.end();
    if (exitCode !== undefined) return { exitCode, signal: null, stdout, stderr };
    if (!hasBegun) throw notEntered(door, result);
  } catch (error) {
    heard.end();
    if (isLifeboatError(error, 'target.unreachable') || isLifeboatError(error, 'process.missing')) throw error;
    await endOrDoubt(door, work.mark, heard.end().session);
    throw error;
  }
  // The tool is gone and the program may not be: it does not notice by itself.
  await endOrDoubt(door, work.mark, heard.end().session);
  throw new LifeboatError('process.failed', `the connection to ${door.shown} broke; what had begun there was ended`);
}

/**
 * Ends what bears the mark in there, with all that it started, and confirms it; what is not there any more has ended. What is left of its `session` and
 * cannot be looked at may bear it. Throws `process.unstoppable`, `target.unreachable`.
 */
export async function endInside(door: Door, mark: string, session?: string): Promise<void> {
  // Whoever was stopped does not take back that its program must be ended: no signal, but a bound.
  const signal = new AbortController().signal;
  const timeoutMs = limits.processGraceMs + limits.processBuryMs + limits.connectTimeoutMs;
  const word = `lifeboat-${randomBytes(8).toString('hex')}`;
  const heard = listener(word, () => {});
  const result = await runProcess([...door.enterToEnd, 'sh'], {
    env: { ...door.env },
    input: endScript(mark, word, session),
    signal,
    timeoutMs,
    onOutput: heard.push,
  });
  const { hasBegun, exitCode } = heard.end();
  if (exitCode === 0) return;
  if (!hasBegun) {
    const { runs, text } = await door.look(signal);
    if (runs) throw notEntered(door, result, text);
    return;
  }
  throw new LifeboatError('process.unstoppable', `what the step started in ${door.shown} could not be ended`, {
    hint: `Look there for processes with LIFEBOAT_STEP=${mark} in their environment.`,
  });
}

async function endOrDoubt(door: Door, mark: string, session: string | undefined): Promise<void> {
  try {
    await endInside(door, mark, session);
  } catch (error) {
    const { message, hint } = toLifeboatError(error);
    throw new LifeboatError('process.unstoppable', `what it started in ${door.shown} may go on there: ${message}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

interface Heard {
  readonly hasBegun: boolean;
  /** In which session, where the shell could tell. */
  readonly session: string | undefined;
  /** Of the program in there; undefined when nobody heard it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tells the lines of the program from what the shell says about it, behind a word that no program can know. */
function listener(
  word: string,
  onLine: (line: string) => void,
  onBegun = (_session: string): void => {},
): { push(piece: Buffer, from: string): void; end(): Heard } {
  const tails: Record<string, string> = { stdout: '', stderr: '' };
  let [hasBegun, exitCode]: [boolean, number | undefined] = [false, undefined];
  let session: string | undefined;
  let isEmptyHeld = false;
  const give = (from: string, line: string): void => {
    onLine(line);
    tails[from] = `${tails[from]}${line}\n`.slice(-tailCharactersMax);
  };
  const splitters = new Map(['stdout', 'stderr'].map((from) => [from, lineSplitter((line) => take(from, line))]));
  const take = (from: string, line: string): void => {
    if (from === 'stderr' && line.startsWith(word)) {
      const said = line.slice(word.length + 1);
      const began = /^began ?(\d*)$/.exec(said);
      if (began !== null) {
        hasBegun = true;
        session = began[1] === '' ? undefined : began[1];
        onBegun(session ?? '');
      } else exitCode = Number(said);
      isEmptyHeld = false; // it begins a line of its own, whatever stood there
      return;
    }
    if (exitCode !== undefined && from === 'stderr') return; // the tool speaks, of what is known by now
    if (isEmptyHeld && from === 'stderr') {
      isEmptyHeld = false;
      give(from, '');
    }
    if (from === 'stderr' && line === '') isEmptyHeld = true;
    else give(from, line);
  };
  return {
    push: (piece, from) => splitters.get(from)?.push(piece, from),
    end: () => {
      for (const splitter of splitters.values()) splitter.end();
      // Redacted before it is cut: the second half of a secret across the cut would not be known as one.
      const [stdout, stderr] = ['stdout', 'stderr'].map((from) =>
        redact(tails[from] ?? '').slice(-limits.outputTailBytes),
      ) as [string, string];
      return { hasBegun, session, exitCode, stdout, stderr };
    },
  };
}

const tailCharactersMax = limits.outputTailBytes + limits.secretBytesMax;

const notEntered = ({ shown }: Door, { stderr, exitCode }: ProcessResult, seen?: string): LifeboatError =>
  new LifeboatError(
    'target.unreachable',
    `${shown} was not entered (exit code ${exitCode}): ${stderr.trim().split('\n').slice(-2).join(' ')}${seen === undefined ? '' : `; ${seen}`}`,
    { hint: 'See that it runs, that you may enter it, and that it has a shell (sh).' },
  );
