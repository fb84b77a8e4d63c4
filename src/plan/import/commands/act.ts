import type { Command, Statement } from '../shell/script.ts';
import type { World } from '../world.ts';
import type { PlanNode } from '../write/node.ts';

/** A step that a command became. What stands under `kind` says what it does; the command itself is kept beside it. */
export interface Act {
  /** The kind of the step: `stop`, `restore`, `provision`, … */
  readonly kind: string;
  readonly settings: PlanNode;
  /** Keys beside the kind: `destructive`, `makes`, `at`. */
  readonly beside?: Readonly<Record<string, PlanNode>>;
}

/** What a reader of commands gets: the command, the line of shell it stands in, and what is known of the document. */
export interface Heard {
  readonly command: Command;
  /** Program and arguments, without `sudo` and its like. */
  readonly program: string;
  readonly words: readonly string[];
  readonly statement: Statement;
  readonly line: number;
  readonly world: World;
  /** Reads a command inside this one: what `kubectl exec POD -- …` runs. */
  readonly again: (words: readonly string[]) => Act | undefined;
}

/** Undefined when the command is nothing that the plan has a word for. */
export type Hear = (heard: Heard) => Act | undefined;
