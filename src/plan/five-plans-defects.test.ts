import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registry } from '../app/registry.ts';
import { lint } from './lint/index.ts';
import { checkPlan } from './load.ts';

const folder = join(import.meta.dirname, '../../examples/plans');
const dayMs = Date.parse('2026-11-21T00:00:00Z');

/** What would have gone wrong on the day in each of the five plans as written, and the rule that says so, with its place. */
const defects: Readonly<Record<string, readonly (readonly [defect: string, code: string, path: string])[]>> = {
  'topdog-ide': [
    ['one dump a day where an hour may be lost, the log only optional', 'time.rpo', 'policies.database_daily'],
    ['the database is restored before its server is there', 'order.needs_later', 'scenarios.cluster_lost.steps[2]'],
    ['restores weekly here and monthly there', 'time.two_cadences', 'drills.monthly_restore'],
  ],
  'optimal-build': [
    ['a namespace that the new cluster does not have', 'order.needs_missing', 'scenarios.cluster_lost.steps[1]'],
    [
      'databases renamed while they are used',
      'order.destroy_without_freeze',
      'scenarios.database_from_backup.steps[5]',
    ],
    ['a file that no backup is named like', 'order.file_nobody_makes', 'scenarios.database_from_backup.steps[0]'],
    ['a promotion without a fence', 'order.promote_without_fence', 'scenarios.region_lost.steps[0]'],
    ['nothing is checked after DNS has turned', 'order.no_final_check', 'scenarios.region_lost.steps[3]'],
    ['an installation that works once', 'order.once_only', 'scenarios.region_lost.steps[2]'],
    ['two settings for one address', 'order.two_sources', 'services.backend.pointers'],
    ['an export that leaves kinds out', 'order.export_incomplete', 'assets.cluster_resources'],
    ['secrets in plain text in the export', 'order.plain_secrets', 'assets.cluster_resources'],
    ['a review that is overdue', 'people.review_overdue', 'review'],
    ['names that were never filled in', 'people.placeholder', 'contacts.dba'],
  ],
  'architect-go': [
    ['a point each six hours where an hour may be lost', 'time.rpo', 'policies.databases'],
    ['a drill that needs longer than the target', 'time.drill_too_long', 'drills.monthly_drill'],
    ['a region that takes longer than the plan promises', 'time.rto_looser', 'scenarios.region_lost'],
    ['a daily script where the schedule says six hours', 'time.two_cadences', 'assets.postgres'],
    ['restores tested daily here and weekly there', 'time.two_cadences', 'drills.weekly_restore'],
    [
      'downloads from a bucket that nothing is put into',
      'order.file_nobody_makes',
      'scenarios.postgres_to_a_moment.steps[1]',
    ],
    ['a newest file that nobody writes', 'order.file_nobody_makes', 'exercises.restore_job'],
    [
      'a restore from another file than was downloaded',
      'order.file_nobody_makes',
      'scenarios.sqlite_from_backup.steps[3]',
    ],
    ['plain SQL for a program that cannot read it', 'order.wrong_format', 'scenarios.postgres_from_backup.steps[4]'],
    ['a restore into a server that was stopped', 'order.needs_stopped', 'scenarios.postgres_from_backup.steps[4]'],
    ['a moment without a log', 'order.pitr_without_log', 'scenarios.postgres_to_a_moment'],
    ['a live database file that is copied', 'order.live_copy', 'assets.sqlite'],
    ['a bucket that deletes what the plan keeps', 'keeping.lifecycle_too_short', 'stores.archive'],
    ['old versions that stay for ever', 'keeping.versions_stay', 'stores.archive'],
    ['an hour may be lost, and nothing may', 'time.criteria_clash', 'drills.monthly_drill'],
  ],
  'control-plane': [
    ['points without a calendar', 'time.no_threshold', 'policies.state'],
    ['an alert of age without an age', 'time.no_threshold', 'alerts.backup_freshness'],
    ['drills that need to reach nothing', 'time.no_threshold', 'drills.primary_loss'],
  ],
  'dharma-iac': [
    ['nothing may be lost, from the backup of last night', 'time.scenario_rpo', 'scenarios.cluster_lost'],
    ['three hours expected where two are promised', 'time.expected_too_long', 'scenarios.data_corrupt'],
    ['eight hours where the platform promises six', 'time.rto_looser', 'scenarios.everything_lost'],
    ['traffic turns before anything runs', 'order.switch_first', 'scenarios.region_lost.steps[2]'],
    ['the overlay of the lost region', 'order.wrong_overlay', 'scenarios.region_lost.steps[3]'],
    ['workloads before their secrets', 'order.needs_later', 'scenarios.cluster_lost.steps[1]'],
    ['copies that come back after the restore', 'order.copies_too_late', 'scenarios.everything_lost.steps[3]'],
    ['copies and key in what is lost', 'domains.key_lost', 'scenarios.everything_lost'],
    ['every copy in what is lost', 'domains.points_lost', 'scenarios.everything_lost'],
    ['secrets that are kept nowhere else', 'domains.secrets_lost', 'scenarios.everything_lost'],
    ['scripts on one laptop', 'domains.personal_place', 'documents.restore_script'],
    ['rows over rows', 'order.merge_undecided', 'scenarios.data_corrupt.steps[4]'],
    ['an alarm sooner than the drill comes', 'time.alert_too_eager', 'alerts.no_recent_drill'],
    ['a tier that nothing lives to see', 'keeping.tier_after_end', 'policies.database'],
  ],
};

describe.each(Object.entries(defects))('%s as written', async (name, rows) => {
  const { plan, document } = await checkPlan(join(folder, name, 'as-written.yaml'), registry);
  const findings = plan === undefined ? [] : lint(plan, document, dayMs);

  test.each(rows)('%s: %s at %s', (_, code, path) => {
    const there = findings.filter((finding) => finding.code === code && finding.path.startsWith(path));
    expect(there.map(({ line }) => line > 1)).toContain(true);
  });
});

test('five stages of 100 minutes in a drill of two hours are no defect', async () => {
  const { plan, document } = await checkPlan(join(folder, 'architect-go/as-written.yaml'), registry);
  if (plan === undefined) throw new Error('the plan does not load');
  const said = lint(plan, document, dayMs).filter(({ path }) => path.startsWith('drills.monthly_drill'));
  expect(said.map(({ message }) => message).join(' ')).not.toMatch(/2 h\b/);
});
