import type { LifeboatError, Progress } from '../core/index.ts';
import type { Unlock } from '../repository/index.ts';
import type { Store } from '../stores/index.ts';
import type { Ask } from './ask.ts';
import type { Input } from './input.ts';
import type { Output } from './output.ts';

/**
 * One command of the command line: one file under `commands/` exports `command`, one line in `command-table.ts` names
 * it. The file is loaded only when the command (or its help) is asked for, so it may import what it needs.
 */
export interface Command {
  /** One paragraph for `--help`, in whole sentences: what it does, what it leaves alone, what the exit code says. */
  readonly description: string;
  readonly arguments?: readonly CommandArgument[];
  readonly options?: readonly CommandOption[];
  /** Lines that work as they stand, with `#` comments behind them. At least one. */
  readonly examples: readonly string[];
  /**
   * Does the work. What people read goes to `context.output`; what machines read is returned. Any error may be thrown:
   * the framework prints it with code and hint and ends with its exit code.
   */
  run(context: CommandContext, input: Input): Promise<CommandResult>;
}

export interface CommandArgument {
  /** Upper case, as help shows it: `ASSET`. `input.argument('ASSET')` reads it. */
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** Takes all the words that are left; only the last argument may. `input.arguments('ASSET')` reads them. */
  readonly many?: boolean;
}

export interface CommandOption {
  /** `--start`, or with a value `--to <TARGET>`, or several `--table <NAME...>`. `input.text('to')` reads it. */
  readonly flags: string;
  readonly summary: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
}

export interface CommandContext {
  /** What relative paths of flags are relative to. */
  readonly folder: string;
  /** Absolute paths, whether they exist or not. */
  readonly planFile: string;
  readonly stateFolder: string;
  /** People asked not to be asked. */
  readonly yes: boolean;
  /** `--json`: nothing but the returned object may reach stdout; `output` sees to it. */
  readonly json: boolean;
  /** Fires on SIGINT and SIGTERM with `operation.cancelled` as its reason; a second signal ends the process at once. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly output: Output;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: Ask;
  /** Put around every store that is opened; default: bounded retries. */
  readonly wrapStore?: (store: Store) => Store;
  /** Stores are read as they were at that moment, milliseconds since 1970; nothing can be written to them then. */
  readonly asOfMs?: number;
  /** What `--key` gives, read when it is first needed; without it the plan's keys say what opens the copies. */
  readonly unlock?: () => Promise<Unlock>;
}

export interface CommandResult {
  /** The object of `--json`; `ok` is added (true with exit code 0) unless the command gives its own. */
  readonly json: Readonly<Record<string, unknown>>;
  /** 0 done and true (the default), 1 what was asked is not so, 3 waits for a human. Errors bring their own. */
  readonly exitCode?: 0 | 1 | 3;
  /** What went wrong after part of the work was done: printed like a thrown error, beside `json`, and decides the exit code. */
  readonly error?: LifeboatError;
}

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly plan: string;
  readonly state: string;
  readonly json: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  /** Files, `-` or `ask`. */
  readonly key: readonly string[];
}
