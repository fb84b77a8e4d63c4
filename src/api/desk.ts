import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ServeHost } from '../app/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Accounts } from './security/accounts.ts';
import type { Env } from './security/caller.ts';
import type { Limiter } from './security/limiter.ts';
import type { Sessions } from './security/sessions.ts';
import type { SetUpCode } from './security/set-up-code.ts';

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
  };
  /** Every answer is held against the contract: in tests. */
  readonly checksAnswers: boolean;
}
