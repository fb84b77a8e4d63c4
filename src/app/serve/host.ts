import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, LifeboatError } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import type { Keeping } from '../../schedule/index.ts';
import type { OpenWorkspace } from '../open.ts';
import type { ServeEvent } from './events.ts';

/** What a server lends to who answers questions in its place. */
export interface ServeHost {
  readonly clock: Clock;
  /** Of this machine. */
  readonly name: string;
  /** Name and version of this program. */
  readonly tool: string;
  readonly planFile: string;
  readonly stateFolder: string;
  /** Fires when everything ends. */
  readonly signal: AbortSignal;
  /** The plan in force, and why the files, as they are now, are not it. */
  plan(): Plan;
  refused(): LifeboatError | undefined;
  /** Everything that the plan in force names, opened anew: close it. Throws what opening throws. */
  open(): Promise<OpenWorkspace>;
  /** The schedule, while it is ours. */
  keeping(): Keeping | undefined;
  /** From now on, until what is returned is called. */
  hear(listener: (event: ServeEvent) => void): () => void;
  say(event: ServeEvent): void;
}

/** Answers what is asked beside metrics and health. */
export interface Answering {
  /** Never throws, and always ends the answer. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Called once, when others can reach it there: `http://127.0.0.1:9807`. */
  listening(url: string): void;
  /** What it began has ended when it resolves, or is told by its own end. */
  close(): Promise<void>;
}
