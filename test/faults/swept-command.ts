import type { Answer, Ground } from './ground.ts';

/** A command line that is swept, and what must be so when it ended. */
export interface SweptCommand {
  /** As the table of commands names it. */
  readonly command: string;
  readonly title: string;
  readonly words: (ground: Ground) => readonly string[];
  /** What only reads the store leaves every byte of it as it was, and meets no full disk. */
  readonly reads: boolean;
  readonly before?: (folder: string) => Promise<void>;
  /** Exit code 0 was said: the claim, examined. */
  readonly succeeded: (folder: string, answer: Answer, ground: Ground) => Promise<void>;
  /** Another exit code was said: nothing half-done is there. */
  readonly failed?: (folder: string) => Promise<void>;
  /** When the same command works once more; a run that is done is not gone on with. Default: always. */
  readonly again?: 'after a failure';
  /** What must be so in the end. */
  readonly afterwards?: (folder: string, ground: Ground) => Promise<void>;
}
