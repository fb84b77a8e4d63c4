import type { MessageFacts } from '../communications/index.ts';
import type { LifeboatError } from '../core/index.ts';
import { storesOf, type StandbyLine } from '../operations/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Ledger } from './ledger.ts';
import type { Scheduler } from './scheduler.ts';
import type { StreamFact } from './streams.ts';
import type { Keeper } from './tasks.ts';

/** All that is known of what is always on, at one moment: what metrics and health are made of. */
export interface ServeFacts {
  readonly nowMs: number;
  readonly plan: Plan;
  /** Name and version of this program. */
  readonly tool: string;
  /** Since when it runs. */
  readonly startedMs: number;
  /** Why the plan's file, as it is now, is not kept to but an older one; undefined: it is. */
  readonly planRefused: LifeboatError | undefined;
  /** When the dead man's switch last took a sign of life; `never`: it took none yet; undefined: the plan has none. */
  readonly heartbeatMs: number | 'never' | undefined;
  /** The last words of the standbys that this machine keeps, whoever keeps the schedule, and whether a process is at work on one that may say nothing for long. */
  readonly standbys?: readonly { readonly line: StandbyLine; readonly isAtWork: boolean }[];
  /** The schedule is ours; undefined while another one keeps it. */
  readonly keeping: Keeping | undefined;
  readonly keeperOf: (asset: string) => Keeper;
}

export interface Keeping {
  readonly sinceMs: number;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  readonly streams: readonly StreamFact[];
  /** Stores that say so to others, and those that cannot. */
  readonly toldBy: readonly string[];
  /** How channels did, and what waits for them; undefined: nobody looks after messages here. */
  readonly messages?: MessageFacts;
}

/** Each asset that is on the schedule, in each store that it is backed up to. */
export const backupPlaces = ({
  plan,
  keeperOf,
}: Pick<ServeFacts, 'plan' | 'keeperOf'>): { asset: string; policy: string; store: string }[] =>
  [...plan.assets.values()].flatMap(({ name, policy = '' }) => {
    if (keeperOf(name) !== 'us' || (plan.policies.get(policy)?.every ?? []).length === 0) return [];
    return storesOf(plan, name).map((store) => ({ asset: name, policy, store }));
  });
