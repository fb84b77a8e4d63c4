import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../app/index.ts';
import { checkPlan } from '../load.ts';
import type { Finding } from '../model.ts';
import { lint } from './engine.ts';
import { today } from './testing/lint-text.ts';

const folder = resolve(import.meta.dirname, '../../../examples/plans');

async function findings(plan: string, version: string): Promise<Finding[]> {
  const read = await checkPlan(join(folder, plan, `${version}.yaml`), registry);
  if (read.plan === undefined) throw new Error(`${plan}/${version} is not right in form`);
  return lint(read.plan, read.document, today);
}

/** What is wrong in each plan as it was written: the rule, and a word of its message that tells which of several it is. */
const defects: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'topdog-ide': [
    ['time.rpo', 'optional'],
    ['order.needs_later', 'database_in_cluster'],
    ['time.two_cadences', 'restores of'],
  ],
  'optimal-build': [
    ['order.needs_missing', 'namespace'],
    ['order.destroy_without_freeze', ''],
    ['order.file_nobody_makes', 'backup-latest.sql.gz'],
    ['order.promote_without_fence', ''],
    ['order.no_final_check', 'region_lost'],
    ['order.once_only', 'release'],
    ['order.two_sources', 'DATABASE_HOST'],
    ['order.export_incomplete', ''],
    ['order.plain_secrets', ''],
    ['people.placeholder', '[Name]'],
  ],
  'architect-go': [
    ['time.rpo', '6 h'],
    ['time.drill_too_long', '15 min'],
    ['time.rto_looser', '30 min'],
    ['time.two_cadences', 'backed up every 6 h'],
    ['time.two_cadences', 'restores of'],
    ['order.file_nobody_makes', 'architect-backups'],
    ['order.file_nobody_makes', 'latest.sql.gz'],
    ['order.file_nobody_makes', 'architect_backup.sql.gz'],
    ['order.wrong_format', 'pg_restore'],
    ['order.needs_stopped', ''],
    ['order.pitr_without_log', ''],
    ['order.live_copy', 'sqlite'],
    ['keeping.lifecycle_too_short', '30 days are missing'],
    ['keeping.versions_stay', ''],
    ['time.criteria_clash', 'nothing is lost'],
  ],
  'dharma-iac': [
    ['time.scenario_rpo', '0 s'],
    ['time.expected_too_long', '3 h'],
    ['time.rto_looser', '8 h'],
    ['order.switch_first', 'nothing runs yet'],
    ['order.wrong_overlay', 'production'],
    ['order.needs_later', 'secret'],
    ['order.copies_too_late', ''],
    ['domains.key_with_data', 'aws'],
    ['domains.points_lost', 'aws'],
    ['domains.secrets_lost', 'Secrets Manager'],
    ['domains.personal_place', ''],
    ['order.merge_undecided', ''],
    ['time.alert_too_eager', '35 days apart: a false alarm in 41 of 119 gaps'],
    ['keeping.tier_after_end', '90 days'],
  ],
  'control-plane': [
    ['time.no_threshold', 'alert'],
    ['time.no_threshold', 'how often'],
    ['time.no_threshold', 'drill'],
  ],
};

describe('five real plans', () => {
  it('are all looked at', () => {
    expect(
      readdirSync(folder, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
        .toSorted(),
    ).toEqual(Object.keys(defects).toSorted());
  });

  for (const [plan, expected] of Object.entries(defects)) {
    it(`${plan} as it was written: each of its ${expected.length} defects is found, with its place`, async () => {
      const found = await findings(plan, 'as-written');
      const missing = expected.filter(
        ([code, word]) => !found.some((one) => one.code === code && one.message.includes(word)),
      );
      expect(missing).toEqual([]);
      expect(found.every(({ line, path }) => line > 1 && path !== '')).toBe(true);
    });

    it(`${plan} as it should be: nothing is found`, async () => {
      expect(await findings(plan, 'as-it-should-be')).toEqual([]);
    });
  }
});
