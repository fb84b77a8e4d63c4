import { resolve } from 'node:path';
import { LifeboatError, redact, redactData, silentProgress, systemClock, toLifeboatError } from '../core/index.ts';
import { commandTable } from './command-table.ts';
import type { Store } from '../stores/index.ts';
import type { Ask } from './ask.ts';
import type { CommandContext, CommandResult, GlobalFlags } from './command.ts';
import { keysGiven } from './keys-given.ts';
import { createOutput, wantsColours, type TextStream } from './output.ts';
import { parse, type Invocation } from './parse.ts';
import { createTerminalProgress } from './terminal-progress.ts';
import colours from 'picocolors';

export interface Surroundings {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What relative paths of flags are relative to. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Put around every store that a command opens; default: bounded retries. Tests put faults there. */
  readonly wrapStore?: (store: Store) => Store;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: Ask;
}

/** Runs one command line to its end and returns the exit code; never throws. */
export async function runWords(
  words: readonly string[],
  surroundings: Surroundings,
  table = commandTable,
): Promise<number> {
  try {
    const invocation = await parse(words, table);
    if (invocation.kind === 'run') return await runCommand(invocation, surroundings);
    (invocation.exitCode === 0 ? surroundings.stdout : surroundings.stderr).write(invocation.text);
    return invocation.exitCode;
  } catch (error) {
    return reportError(error, words.includes('--json'), surroundings);
  }
}

async function runCommand(
  { command, input, flags }: Extract<Invocation, { kind: 'run' }>,
  surroundings: Surroundings,
): Promise<number> {
  const { context, close } = contextOf(flags, surroundings);
  let result: CommandResult;
  try {
    result = await command.run(context, input);
  } catch (error) {
    close();
    return reportError(cancellationOf(error, surroundings.signal), flags.json, surroundings);
  }
  close();
  return reportResult(result, flags.json, surroundings);
}

function contextOf(flags: GlobalFlags, surroundings: Surroundings): { context: CommandContext; close: () => void } {
  const bar = flags.quiet ? undefined : createTerminalProgress(surroundings.stderr, systemClock);
  const clear = (): void => bar?.clear();
  const context: CommandContext = {
    folder: surroundings.folder,
    planFile: resolve(surroundings.folder, flags.plan),
    stateFolder: resolve(surroundings.folder, flags.state),
    yes: flags.yes,
    json: flags.json,
    signal: surroundings.signal,
    ...(surroundings.wrapStore === undefined ? {} : { wrapStore: surroundings.wrapStore }),
    ...(surroundings.ask === undefined ? {} : { ask: askClearly(surroundings.ask, clear) }),
    ...(flags.key.length === 0 ? {} : { unlock: keysGiven(flags.key, surroundings.folder) }),
    progress: bar ?? silentProgress,
    output: createOutput({
      stream: surroundings.stdout,
      silent: flags.json,
      environment: surroundings.environment,
      beforeLine: clear,
    }),
  };
  return { context, close: clear };
}

/** A question is not drawn into a progress bar, and names no secret. */
const askClearly =
  (ask: Ask, clear: () => void): Ask =>
  (question, signal) => {
    clear();
    return ask(redact(question), signal);
  };

/** After a signal anything may fail in its own words; what people should read is that it was stopped. */
function cancellationOf(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || error instanceof LifeboatError) return error;
  return signal.reason;
}

function reportResult(result: CommandResult, json: boolean, surroundings: Surroundings): number {
  const exitCode = result.error?.exitCode ?? result.exitCode ?? 0;
  if (!json) return result.error === undefined ? exitCode : reportError(result.error, false, surroundings);
  const failed = result.error === undefined ? {} : { error: result.error.toJSON() };
  writeJson({ ok: exitCode === 0, ...result.json, ...failed }, surroundings);
  return exitCode;
}

function reportError(thrown: unknown, json: boolean, surroundings: Surroundings): number {
  const error = toLifeboatError(thrown);
  if (json) writeJson({ ok: false, error: error.toJSON() }, surroundings);
  else surroundings.stderr.write(redact(errorText(error, surroundings)));
  if (surroundings.environment['LIFEBOAT_DEBUG'] === '1') surroundings.stderr.write(redact(`${traceOf(thrown)}\n`));
  return error.exitCode;
}

const writeJson = (data: object, { stdout }: Surroundings): void =>
  void stdout.write(`${JSON.stringify(redactData(data))}\n`);

function errorText(error: LifeboatError, { stderr, environment }: Surroundings): string {
  const paint = colours.createColors(wantsColours(stderr, environment));
  const lines = [`${paint.red('error:')} ${error.message} ${paint.dim(`[${error.code}]`)}`];
  if (error.where !== undefined) lines.push(`${paint.dim('where:')} ${error.where}`);
  if (error.hint !== undefined) lines.push(`${paint.dim('hint:')}  ${error.hint}`);
  return `${lines.join('\n')}\n`;
}

/** The stack and those of the causes, for whoever asked with LIFEBOAT_DEBUG=1. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${traceOf(error.cause)}`;
}
