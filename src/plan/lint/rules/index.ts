import type { Rule } from '../rule.ts';
import { keyBesideCopies, keyWithData, oneDomain, unplaced } from './domains/copies.ts';
import { groundLost, keyLost, needLost, personalPlace, pointsLost, secretsLost, voiceLost } from './domains/lost.ts';
import { lifecycleTooShort, noticedTooLate, pitrWithoutBase, tierAfterEnd, versionsStay } from './keeping/retention.ts';
import { copiesTooLate, fileNobodyMakes, wrongFormat } from './order/artifacts.ts';
import { mergeUndecided, onceOnly, twoSources, wrongOverlay } from './order/care.ts';
import { exportIncomplete, liveCopy, logWithoutPoints, pitrWithoutLog, plainSecrets } from './order/methods.ts';
import { needsLater, needsMissing, needsStopped } from './order/needs.ts';
import { destroyWithoutFreeze, noFinalCheck, promoteWithoutFence, switchFirst } from './order/switching.ts';
import { placeholder } from './people/placeholders.ts';
import { noBackup, notReachable, personLost, unaddressed } from './people/reach.ts';
import { reviewOverdue } from './people/review.ts';
import { alertTooEager, noThreshold } from './time/alerts.ts';
import { criteriaClash, drillTooLong, twoCadences } from './time/cadence.ts';
import { dnsTtl, expectedTooLong } from './time/expected.ts';
import { rpoScenario, rpoSchedule } from './time/rpo.ts';
import { rtoBudgets, rtoLooser, rtoUnknown } from './time/rto.ts';

/** Every rule, by area. A rule is one line here, one page of docs/rules (`npm run rules-doc`), and tests beside it. */
export const rules: readonly Rule[] = [
  rpoSchedule,
  rpoScenario,
  rtoBudgets,
  rtoLooser,
  rtoUnknown,
  expectedTooLong,
  dnsTtl,
  alertTooEager,
  noThreshold,
  twoCadences,
  criteriaClash,
  drillTooLong,
  tierAfterEnd,
  lifecycleTooShort,
  versionsStay,
  pitrWithoutBase,
  noticedTooLate,
  needsLater,
  needsMissing,
  needsStopped,
  switchFirst,
  noFinalCheck,
  promoteWithoutFence,
  destroyWithoutFreeze,
  onceOnly,
  twoSources,
  wrongOverlay,
  mergeUndecided,
  fileNobodyMakes,
  wrongFormat,
  copiesTooLate,
  liveCopy,
  exportIncomplete,
  plainSecrets,
  pitrWithoutLog,
  logWithoutPoints,
  oneDomain,
  keyWithData,
  keyBesideCopies,
  unplaced,
  pointsLost,
  keyLost,
  secretsLost,
  needLost,
  groundLost,
  voiceLost,
  personalPlace,
  noBackup,
  notReachable,
  unaddressed,
  personLost,
  placeholder,
  reviewOverdue,
];
