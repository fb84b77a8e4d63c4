/** Shell text, taken apart by a real parser; nothing of it is ever run. */
export interface Script {
  readonly statements: readonly Statement[];
  /** Lines that are comments only, without the `#`. */
  readonly comments: readonly { readonly line: number; readonly text: string }[];
}

/** One line of work: a command, a pipeline, or a whole `if` or loop. */
export interface Statement {
  readonly line: number;
  readonly endLine: number;
  /** As written, continuations and all. */
  readonly raw: string;
  /** The commands in it, in order: those of the pipeline, or all inside a loop. */
  readonly commands: readonly Command[];
  /** More than one command, a redirection, a variable or a substitution: only a shell can run it as it stands. */
  readonly needsShell: boolean;
}

export interface Command {
  /** The program and its arguments, quotes taken away; variables stay as written unless the script itself sets them. */
  readonly words: readonly string[];
  readonly assignments: ReadonlyMap<string, string>;
  /** Files that it writes (`>`), and reads (`<`). */
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly heredoc: string | undefined;
}
