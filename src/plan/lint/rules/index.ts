import type { Rule } from '../rule.ts';
import { rpoScenario, rpoSchedule } from './time/rpo.ts';
import { rtoBudgets, rtoLooser, rtoUnknown } from './time/rto.ts';

/** Every rule, by area. A rule is one line here, one page of docs/rules (`npm run rules-doc`), and tests beside it. */
export const rules: readonly Rule[] = [rpoSchedule, rpoScenario, rtoBudgets, rtoLooser, rtoUnknown];
