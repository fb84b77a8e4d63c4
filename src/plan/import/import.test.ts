import { describe, expect, it } from 'vitest';
import { documentNamed, imported, lineOf } from './testing/imported.ts';

describe('a document with tables and scripts', async () => {
  const { data, plan, errors, leftOver, guessed } = await imported(documentNamed('harbour'), 'harbour.md');

  it('becomes a plan that loads', () => {
    expect(errors).toEqual([]);
    expect(data.plan).toBe('harbour_bookings');
    expect(data.owner).toBe('Booking team');
    expect(data.review).toEqual({ last: '2026-03-02', next: '2026-09-02' });
  });

  it('keeps the targets as they are stated, ranges too, with their lines', () => {
    expect(data.objectives).toEqual({ rto: '45m-90m', rpo: '30m', mttr: '40m' });
    expect(data.services.booking_desk).toEqual({ objectives: { rto: '1h', rpo: '15m' }, needs: ['bookings'] });
    expect(lineOf(plan, 'rto: 45m-90m')).toBe(9);
    expect(lineOf(plan, 'mttr: 40m')).toBe(11);
  });

  it('reads the script of the backups: what it makes, how, where to, how long', () => {
    expect(data.assets.bookings.artifacts.dump).toEqual({
      file: 'harbour_$STAMP.sql.gz',
      format: 'sql',
      method: 'dump',
      compressed: 'gzip',
      folder: '/var/backups/harbour',
      every: '1d',
      command: 'pg_dump -h db.harbour -U booker bookings | gzip > "$FILE"',
      store: 'harbour_dumps',
      prefix: 'nightly/',
      keep: '14d',
    });
    expect(data.stores.harbour_dumps).toEqual({ type: 's3', bucket: 'harbour-dumps' });
  });

  it('reads schedule, retention and tiers', () => {
    expect(data.policies.of_postgres).toEqual({
      every: 'every 4h',
      keep: { all: '14d', tiers: [{ after: '14d', class: 'glacier', for: '60d' }] },
      to: ['harbour_dumps'],
    });
  });

  it('makes typed steps of commands, each with its command beside it', () => {
    const steps = data.scenarios.database_lost.steps;
    const kinds = ['fence', 'fetch', 'provision', 'restore', 'look', 'switch', 'start', 'check'];
    expect(steps.map((step: object) => kinds.find((kind) => kind in step))).toEqual(kinds);
    expect(steps[0]).toMatchObject({ fence: { service: 'desk', how: 'scale to zero' }, budget: '2m' });
    expect(steps[3]).toMatchObject({
      restore: 'bookings',
      command: 'gunzip -c latest.sql.gz | psql -h db2.harbour -d bookings_new',
    });
    expect(steps[5].switch).toEqual({ service: 'desk', pointer: 'database_host', value: 'db2.harbour' });
    expect(lineOf(plan, 'id: load_it')).toBe(66);
  });

  it('keeps what a shell would fill in as it stands', () => {
    const [secret] = data.scenarios.cluster_gone.steps.filter(
      ({ id }: { id: string }) => id === 'secrets_and_the_desk',
    );
    expect(secret.command).toContain('password=$${DB_PASSWORD}');
  });

  it('runs another scenario where the document says to follow it', () => {
    expect(data.scenarios.cluster_gone.steps).toContainEqual(expect.objectContaining({ call: 'database_lost' }));
  });

  it('keeps what a scenario promises apart from what it is expected to take', () => {
    expect(data.scenarios.database_lost).toMatchObject({
      trigger: 'the database server is gone, or its disk is',
      objectives: { rto: '1h', rpo: '4h' },
      expected: '40m-70m',
    });
  });

  it('reads severities, who is called, and who stands in', () => {
    expect(data.severities.p1).toMatchObject({
      respond: '10m',
      tell: ['duty_desk', 'harbour_master'],
      escalate: [{ role: 'harbour_master', after: '45m' }],
    });
    expect(data.contacts.duty_desk).toEqual({
      role: 'duty_desk',
      email: 'duty@harbour.example',
      backup: 'harbour_master',
    });
    expect(data.contacts.harbour_master.name).toBe('[Name]');
  });

  it('says what it guessed, and that hardly anything is left over', () => {
    expect(guessed).toContainEqual({ line: 47, endLine: 47, text: '"Database lost" loses bookings' });
    expect(leftOver.map(({ text }) => text)).toEqual([]);
  });
});

describe('a document in prose', async () => {
  const { data, errors, leftOver } = await imported(documentNamed('library'), 'library.md');

  it('becomes a plan that loads', () => expect(errors).toEqual([]));

  it('finds the copies of a live file, and the folder they go to', () => {
    expect(data.assets.catalogue_sqlite).toMatchObject({
      type: 'sqlite',
      path: '/srv/library/catalogue.db',
      artifacts: { copy: { method: 'copy', live: true, store: 'mnt_usb' } },
    });
    expect(data.stores).toEqual({ mnt_usb: { type: 'folder', path: '/mnt/usb' } });
    expect(data.assets.maps).toMatchObject({ type: 'files', path: '/srv/library/maps' });
  });

  it('makes no other database up than the one it names', () => {
    expect(Object.keys(data.assets)).toEqual(['catalogue_sqlite', 'maps']);
    expect(data.scenarios.the_catalogue_is_damaged.steps[1]).toMatchObject({ restore: 'catalogue_sqlite' });
  });

  it('takes each way out as a scenario of its own', () => {
    expect(Object.keys(data.scenarios)).toEqual([
      'the_catalogue_is_damaged',
      'the_building_burned_down_the_second_server',
      'the_building_burned_down_there_is_only_the_tape',
    ]);
  });

  it('reads the drill with its parts, on the day that it names', () => {
    expect(data.drills.yearly_fire_drill).toMatchObject({ every: '0 15 * 5 5#L' });
    expect(data.drills.yearly_fire_drill.stages[1]).toEqual({
      name: 'Restore the catalogue on the spare laptop',
      budget: '90m',
    });
  });

  it('notes that a script lies on the machine of one person', async () => {
    expect(data.documents.restore_catalogue_sh).toMatchObject({
      host: 'the machine of one person',
      domain: 'workstation_of_one_person',
    });
    const path = ['', 'home', 'mira', 'scripts', 'restore.sh'].join('/');
    const other = await imported(`# Plan

## Scripts

- \`${path}\`
`);
    expect(other.data.documents.restore_sh).toMatchObject({ path, domain: 'workstation_of_mira' });
  });

  it('lists what no part of the plan holds', () => {
    expect(leftOver.map(({ line, text }) => [line, text])).toContainEqual([13, 'Scans of old maps']);
  });
});

describe('a document of a cloud', async () => {
  const { data, errors } = await imported(documentNamed('clinic'), 'clinic.md');

  it('becomes a plan that loads', () => expect(errors).toEqual([]));

  it('knows regions as what is lost together', () => {
    expect(data.domains).toEqual({ aws: { eu_west_1: {}, eu_north_1: {} } });
    expect(data.scenarios.region_lost.loses).toEqual({ domains: ['eu_west_1'] });
    expect(data.stores.clinic_backups).toMatchObject({ region: 'eu-west-1', domain: 'eu_west_1', prefix: 'db/' });
    expect(data.assets.secrets).toMatchObject({ domain: 'aws', provider: 'AWS Secrets Manager' });
  });

  it('reads windows of retention, tiers, places and what is verified', () => {
    expect(data.policies.of_database).toEqual({
      every: '1d',
      keep: {
        daily: '35d',
        weekly: { day: 'sunday', for: '12w' },
        yearly: '10y',
        tiers: [{ after: '40d', class: 'glacier' }],
        atLeast: 5,
      },
      to: ['clinic_backups'],
      copy: { to: ['clinic_backups_north'] },
      verify: { every: '1d', youngerThan: '13h', asks: ['exists', 'age', 'decrypts', 'count'] },
    });
  });

  it('reads alert rules with their thresholds', () => {
    expect(data.alerts.backup_too_old).toMatchObject({
      kind: 'freshness',
      olderThan: '13h',
      for: '10m',
      priority: 'critical',
    });
  });

  it('makes checks of queries', () => {
    expect(data.assets.postgres ?? data.assets.database).toMatchObject({
      checks: [{ name: 'Orphaned visits', expect: 'size(rows) == 0' }],
    });
  });

  it('keeps a template from becoming a program', () => {
    expect(data.templates.first_message.body).toContain('{ { 7 * 7 } }');
  });
});

describe('a document of containers and crontabs', async () => {
  const { data, errors } = await imported(documentNamed('garage'), 'garage.md');

  it('becomes a plan that loads', () => expect(errors).toEqual([]));

  it('takes the database for what it is', () => {
    expect(data.assets.database).toMatchObject({ type: 'database', engine: 'mysql', policy: 'of_database' });
    expect(data.assets.database.artifacts.dump).toMatchObject({ format: 'sql', method: 'dump', store: 'backups' });
  });

  it('reads lines of a crontab and schedules of jobs', () => {
    expect(data.policies.of_database).toEqual({ every: '30 1 * * *', to: ['backups'] });
    expect(data.policies.of_kubernetes).toMatchObject({ every: '15 3 * * *' });
  });

  it('knows compose, velero and restic', () => {
    expect(data.scenarios.application_is_down.steps[0]).toMatchObject({ stop: { services: ['web', 'worker'] } });
    expect(data.scenarios.cluster_lost.steps.slice(0, 2)).toMatchObject([
      { restore: 'kubernetes_resources' },
      { restore: 'photos' },
    ]);
  });

  it('asks where the document gives several ways', () => {
    expect(data.scenarios.cluster_lost.steps.at(-1).choose).toMatchObject({
      question: 'Try one of these',
      options: { option_a: { when: 'start again' }, option_b: { steps: [{ rollback: 'garage' }] } },
    });
  });
});

describe('what a document does not say', () => {
  it('is a placeholder, and never a number of ours', async () => {
    const { data, errors } = await imported('# Notes\n\nWe should write a recovery plan one day.\n', 'notes.md');
    expect(errors).toEqual([]);
    expect(Object.keys(data)).toEqual(['lifeboat', 'plan', 'about', 'keys', 'stores', 'assets']);
    expect(data.keys.main.passphrase.env).toMatch(/^\[.*\]$/);
    expect(data.assets.unknown.path).toMatch(/^\[.*\]$/);
  });

  it('gives no target to a plan that states none', async () => {
    const { data } = await imported('# Plan\n\n- RTO: as soon as possible\n- RPO: to be decided\n');
    expect(data.objectives).toBeUndefined();
  });
});

describe('secrets in a document', () => {
  it('never reach the plan or the report', async () => {
    const result = await imported(documentNamed('secrets'), 'secrets.md');
    expect(result.errors).toEqual([]);
    const said = JSON.stringify([result.plan, result.understood, result.guessed, result.leftOver]);
    for (const secret of ['mill-stone-4711', 'grain-and-water', 'wJalrXUtnFEMI', 'flour-dust', 'QQPZRY9X8GF2'])
      expect(said).not.toContain(secret);
    expect(result.guessed.some(({ text }) => text.includes('a secret stands in the document'))).toBe(true);
  });
});
