import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openWorkspace } from '../../src/app/index.ts';
import { silentProgress, systemClock } from '../../src/core/index.ts';
import { openJournal, type JournalRecord } from '../../src/journal/index.ts';
import { appendMany, type PastRecord } from '../../src/journal/testing/many-records.ts';
import { backupEverywhere, type BackupReport } from '../../src/operations/index.ts';
import { makeStore } from '../../src/operations/testing/workspace.ts';
import { olderPoints, olderRuns, type Size } from './large-past.ts';
import { Place } from './lifeboat.ts';

const dayMs = 86_400_000;

/** A plan of so many assets in services of twenty-five each, whose calendars have no turn within some hours of `nowMs`. */
export function largePlan({ assets }: Pick<Size, 'assets'>, nowMs: number): string {
  const names = Array.from({ length: assets }, (_, at) => `asset${at}`);
  const services = Math.ceil(assets / 25);
  const quiet = new Date(nowMs + dayMs / 2).toISOString().slice(11, 16);
  const waits = Array.from({ length: 10 }, (_, at) => `      - { id: look${at}, exec: ["true"], budget: 10s }`);
  return `
lifeboat: 1
plan: large
owner: duty@large.example
timezone: UTC
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 4h, rpo: 26h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: safe }
  far: { type: fs, path: ./far, domain: there }
policies:
  nightly: { every: "1d at ${quiet}", to: [near], copy: { to: [far], within: 2h }, keep: { daily: 30d, atLeast: 3 } }
assets:
${names.map((name) => `  ${name}: { type: files, path: ./docs, domain: here, policy: nightly }`).join('\n')}
services:
${Array.from({ length: services }, (_, at) => `  service${at}: { needs: [${names.slice(at * 25, at * 25 + 25).join(', ')}] }`).join('\n')}
contacts: { duty: { role: on_call, email: duty@large.example, backup: lead }, lead: { role: platform_lead, email: lead@large.example, backup: duty } }
environments: { bubble: { ephemeral: true } }
scenarios:
${Array.from(
  { length: services },
  (_, at) => `  lost${at}:
    trigger: service${at} is gone
    loses: { assets: [asset${at * 25}] }
    steps:
      - { id: bring_back, restore: asset${at * 25}, into: new, budget: 5m }
${waits.join('\n')}
      - { id: looks_right, check: { asset: asset${at * 25}, of: "\${steps.bring_back.url}" }, budget: 1m }`,
).join('\n')}
drills:
  rehearsal: { scenario: lost0, every: first saturday at 10:00, in: bubble, expect: { rto: 1h } }
`;
}

/**
 * A place as it is after months: one real backup of each asset and one real drill, and behind them the same points and runs of other days, written in the
 * formats of the repository and of the journal. Removing it is the caller's.
 */
export async function largePlace(size: Size): Promise<Place> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const nowMs = systemClock.now();
  const place = await Place.make(largePlan(size, nowMs));
  await mkdir(place.path('docs'));
  await writeFile(place.path('docs', 'a.txt'), 'what every asset holds');
  await makeStore(place.path('near'));
  const state = place.path('.lifeboat');
  const workspace = await openWorkspace({
    planFile: place.path('lifeboat.yaml'),
    stateFolder: state,
    progress: silentProgress,
  });
  let past: PastRecord[];
  let present: PastRecord[];
  try {
    const reports: BackupReport[] = [];
    for (const asset of workspace.plan.assets.keys())
      reports.push(...(await backupEverywhere(workspace, asset)).reports);
    const points = await olderPoints(place.path('near'), reports, size);
    const runs = await olderRuns(workspace, size);
    past = [...points, ...runs].toSorted((one, other) => one.atMs - other.atMs);
    present = workspace.journal.records().map((record) => later(record, past.length));
  } finally {
    await workspace.close();
  }
  await cp(place.path('near'), place.path('far'), { recursive: true });
  // A journal in which what was before stands before.
  for (const part of ['', '-wal', '-shm']) await rm(join(state, `journal.db${part}`), { force: true });
  openJournal(join(state, 'journal.db'), { clock: systemClock, host: hostname() }).close();
  appendMany(join(state, 'journal.db'), [...past, ...present]);
  return place;
}

/** So many records further behind; what it says of another one follows. */
function later({ atMs, kind, run, data }: JournalRecord, by: number): PastRecord {
  const { intent } = data;
  const told = typeof intent === 'number' ? { ...data, intent: intent + by } : data;
  return { atMs, kind, ...(run === undefined ? {} : { run }), data: told };
}
