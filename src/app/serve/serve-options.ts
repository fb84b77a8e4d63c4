import type { Clock } from '../../core/index.ts';
import type { Unlock } from '../../repository/index.ts';
import type { Store } from '../../stores/index.ts';
import type { ServeEvent } from './events.ts';
import type { Answering, ServeHost } from './host.ts';
import type { ListenPlace } from './listen.ts';

export interface ServeOptions {
  readonly planFile: string;
  readonly stateFolder: string;
  /** Where metrics and health are told; undefined: nowhere. `orAnyPort`: if the port is taken, at a free one. */
  readonly listen?: ListenPlace & { readonly orAnyPort: boolean };
  /** Answers whatever else is asked there. */
  readonly answer?: (host: ServeHost) => Promise<Answering>;
  /** Default: `limits.jobsAtOnce`. */
  readonly jobsAtOnce?: number;
  /** How long a hold of the schedule lasts, and so after how long another machine takes it over; default: `limits.serveLeaseMs`. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  readonly wrapStore?: (store: Store) => Store;
  readonly unlock?: () => Promise<Unlock>;
  /** Ends everything: what is under way has `limits.serveStopMs`. */
  readonly signal: AbortSignal;
  /** Called once with what looks at the plan at once. */
  onReady?(lookNow: () => void): void;
  say(event: ServeEvent): void;
}

/** What was still under way when the time to end was over; it ends with the process, and is done again by the next one. */
export interface ServeReport {
  readonly left: readonly string[];
}
