import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Which test shows what: that it stands in the plan, that a rule judges it, that a driver does it. */
const register = {
  form: 'src/plan/five-plans.test.ts',
  'rule/time': 'src/plan/lint/rules/time/time.test.ts',
  'rule/keeping': 'src/plan/lint/rules/keeping/retention.test.ts',
  'rule/order': 'src/plan/lint/rules/order/order.test.ts',
  'rule/domains': 'src/plan/lint/rules/domains/domains.test.ts',
  'rule/people': 'src/plan/lint/rules/people/people.test.ts',
  'assets/postgres': 'src/assets/postgres/round-trip.test.ts',
  'assets/sqlite': 'src/assets/sqlite/sqlite.test.ts',
  'assets/files': 'src/assets/files/files.test.ts',
  'stores/fs': 'src/stores/fs/fs-store.test.ts',
  'stores/s3': 'src/stores/s3/s3-store.test.ts',
  'policies/keep': 'src/operations/retention/retention.test.ts',
  'policies/verify': 'src/operations/verification/verification.test.ts',
  'policies/to': 'src/operations/replication/replicate.test.ts',
  'steps/restore': 'src/procedures/steps/restore/restore.test.ts',
  'steps/backup': 'src/procedures/steps/steps.test.ts',
  'steps/check': 'src/procedures/steps/steps.test.ts',
  'steps/exec': 'src/procedures/steps/steps.test.ts',
  'steps/wait': 'src/procedures/steps/steps.test.ts',
  'steps/notify': 'src/app/messages.test.ts',
  'steps/replicate': 'src/procedures/steps/replicate/replicate.test.ts',
  'steps/policy': 'src/procedures/steps/policy/policy.test.ts',
  'steps/provision': 'src/procedures/steps/provision/stood-in.test.ts',
  'steps/approve': 'src/procedures/people/people.test.ts',
  'steps/manual': 'src/procedures/people/people.test.ts',
  'steps/choose': 'src/procedures/groups/groups.test.ts',
  'steps/call': 'src/procedures/groups/groups.test.ts',
  'steps/fence': 'src/procedures/steps/fence/fence.test.ts',
  'steps/promote': 'src/procedures/steps/promote/promote.test.ts',
  'steps/switch': 'src/procedures/steps/switch/switch.test.ts',
  'steps/parallel': 'src/procedures/runner/runner.test.ts',
  'steps/ramp': 'src/procedures/steps/ramp/ramp.test.ts',
  'steps/commit': 'src/procedures/steps/commit/commit.test.ts',
};

/** The tests that show as much of a thing as is claimed of it. Throws for a test that is not there. */
export function testsOf({ findings, isExecutable, kinds }, root) {
  const rules = findings.map((code) => `rule/${code.split('.')[0]}`);
  const drivers = isExecutable ? kinds : [];
  const files = [...new Set(['form', ...rules, ...drivers].map((key) => register[key]))];
  for (const file of files) {
    if (file === undefined || !existsSync(join(root, file))) throw new Error(`the register of tests names no ${file}`);
  }
  return files;
}
