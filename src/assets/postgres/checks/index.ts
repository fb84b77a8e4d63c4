import type { CheckKind } from '../../../checks/index.ts';
import { amcheckCheck } from './amcheck.ts';
import { newestCheck } from './newest.ts';
import { orphansCheck } from './orphans.ts';
import { pagesCheck } from './pages.ts';
import { readCheck } from './read.ts';

/** What only a PostgreSQL can be asked; the one list of it. Each looks into every database that lets people in. */
export const postgresChecks: readonly CheckKind[] = [
  general(amcheckCheck),
  general(orphansCheck),
  general(readCheck),
  general(pagesCheck),
  general(newestCheck),
];

/** As those see a kind who do not know its settings: they parse them by its schema before they hand them over. */
function general<Settings>(kind: CheckKind<Settings>): CheckKind {
  return kind as unknown as CheckKind;
}
