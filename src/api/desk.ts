import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ServeHost } from '../app/index.ts';
import type { Progress } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { Answers } from './answers.ts';
import type { Accounts } from './security/accounts.ts';
import type { Env } from './security/caller.ts';
import type { Limiter } from './security/limiter.ts';
import type { Sessions } from './security/sessions.ts';
import type { SetUpCode } from './security/set-up-code.ts';
import type { DrillsView } from './views/drills-view.ts';
import type { PlanFacts } from './views/plan-view.ts';
import type { PointFacts } from './views/points-view.ts';
import type { ReadinessFacts } from './views/readiness-view.ts';
import type { RunsView } from './views/runs-view.ts';
import type { View } from './views/view.ts';
import type { Events } from './hands/events.ts';
import type { Operations } from './hands/operations.ts';
import type { Outputs } from './hands/outputs.ts';
import type { Restores } from './hands/restores.ts';

/** What every route works with. */
export interface Desk {
  readonly app: OpenAPIHono<Env>;
  readonly host: ServeHost;
  /** Where every change is written down; open as long as the server. */
  readonly journal: Journal;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly setUpCode: SetUpCode;
  readonly limiters: {
    readonly signInOfAccount: Limiter;
    readonly signInOfAddress: Limiter;
    readonly signInAnywhere: Limiter;
  };
  readonly views: {
    readonly plan: View<PlanFacts>;
    readonly readiness: View<ReadinessFacts>;
    readonly points: View<PointFacts>;
    readonly runs: RunsView;
    readonly drills: DrillsView;
  };
  readonly answers: Answers;
  readonly events: Events;
  readonly operations: Operations;
  readonly restores: Restores;
  readonly outputs: Outputs;
  /** What each change is, for people, by method and path: `POST tokens`. */
  readonly changes: Map<string, string>;
  /** What only reads and writes the journal needs: the plan in force, and no store. */
  here(): Workspace;
  /** Everything that the plan in force names, for as long as the work lasts; no two works share one. */
  lend<T>(work: (workspace: Workspace) => Promise<T>, progress?: Progress): Promise<T>;
  /** Every answer is held against the contract: in tests. */
  readonly checksAnswers: boolean;
}
