import type { StepKind } from '../step.ts';
import { approveStep } from './approve/index.ts';
import { backupStep } from './backup/index.ts';
import { callStep } from './call/index.ts';
import { checkStep } from './check/index.ts';
import { chooseStep } from './choose/index.ts';
import { commitStep } from './commit/index.ts';
import { execStep } from './exec/index.ts';
import { fenceStep } from './fence/index.ts';
import { manualStep } from './manual/index.ts';
import { notifyStep } from './notify/index.ts';
import { parallelStep } from './parallel/index.ts';
import { policyStep } from './policy/index.ts';
import { promoteStep } from './promote/index.ts';
import { provisionStep } from './provision/index.ts';
import { replicateStep } from './replicate/index.ts';
import { rampStep } from './ramp/index.ts';
import { restoreStep } from './restore/index.ts';
import { switchStep } from './switch/index.ts';
import { waitStep } from './wait/index.ts';

/** Every kind of step: a new one is a folder beside these and a line here. */
export const stepKinds = [
  backupStep,
  restoreStep,
  checkStep,
  execStep,
  waitStep,
  notifyStep,
  approveStep,
  manualStep,
  parallelStep,
  chooseStep,
  callStep,
  fenceStep,
  promoteStep,
  switchStep,
  replicateStep,
  policyStep,
  provisionStep,
  rampStep,
  commitStep,
] as readonly StepKind[];
