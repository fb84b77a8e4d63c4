import { describe, expect, it } from 'vitest';
import { finds, said, sound } from '../../testing/lint-text.ts';

const plan = (
  artifact: string,
  steps = '- { check: { asset: orders } }',
  type = 'postgres, url: { env: URL }',
): string =>
  sound(`stores:
  far: { type: s3, bucket: copies, domain: east }
  other: { type: s3, bucket: other-copies, domain: east }
policies: { database: { every: 30m, to: [far] } }
assets:
  orders: { type: ${type}, domain: west, policy: database, artifacts: { dump: { ${artifact} } } }
scenarios:
  lost:
    loses: { assets: [orders] }
    steps:
${steps
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`);

describe('order.file_nobody_makes', () => {
  const fetch = (file: string, store = 'far'): string =>
    `- { id: get, fetch: { asset: orders, store: ${store}, file: ${file} } }`;
  const dump = 'file: backup-YYYY-MM-DD.sql.gz, store: far';

  it('finds a name that is never written', () => {
    expect(said(plan(dump, fetch('backup-latest.sql.gz')), 'order.file_nobody_makes')).toEqual([
      'get takes backup-latest.sql.gz, but the backups are named backup-YYYY-MM-DD.sql.gz',
    ]);
    expect(finds(plan(dump, fetch('backup-2026-02-18.sql.gz')), 'order.file_nobody_makes')).toBe(false);
    expect(finds(plan(dump, fetch('backup-YYYY-MM-DD.sql.gz')), 'order.file_nobody_makes')).toBe(false);
  });

  it('finds a place that is never written', () => {
    expect(said(plan(dump, fetch('backup-YYYY-MM-DD.sql.gz', 'other')), 'order.file_nobody_makes')).toEqual([
      'get reads from other-copies, but the backups are written to copies',
    ]);
  });

  it('compares the buckets of commands', () => {
    const upload =
      'file: "shop_$DATE.sql.gz", command: "pg_dump shop | gzip > $FILE\\naws s3 cp $FILE s3://backups/shop/"';
    const take = (bucket: string): string =>
      `- { id: get, command: "aws s3 cp s3://${bucket}/shop_20260218_120000.sql.gz ./", manual: get }`;
    expect(said(plan(upload, take('shop-backups')), 'order.file_nobody_makes')[0]).toContain('reads from shop-backups');
    expect(finds(plan(upload, take('backups')), 'order.file_nobody_makes')).toBe(false);
  });

  it('finds one name downloaded and another restored', () => {
    const steps = (name: string): string =>
      `- { id: get, command: "aws s3 cp s3://copies/shop_20260218.sql.gz ./", manual: get }\n- { id: load, command: "gunzip -c ${name} | psql shop", manual: load }`;
    expect(said(plan('file: "shop_*.sql.gz"', steps('shop_backup.sql.gz')), 'order.file_nobody_makes')[0]).toContain(
      'load reads shop_backup.sql.gz',
    );
    expect(
      finds(plan('file: "shop_*.sql.gz", store: far', steps('shop_20260218.sql.gz')), 'order.file_nobody_makes'),
    ).toBe(false);
  });
});

describe('order.wrong_format', () => {
  it('finds plain SQL given to pg_restore', () => {
    const restore = '- { id: load, restore: orders, program: pg_restore }';
    expect(finds(plan('format: sql, file: orders.sql.gz', restore), 'order.wrong_format')).toBe(true);
    expect(finds(plan('format: custom, file: orders.dump', restore), 'order.wrong_format')).toBe(false);
    expect(finds(plan('command: "pg_dump shop | gzip > x.sql.gz"', restore), 'order.wrong_format')).toBe(true);
  });

  it('reads the command', () => {
    const load = (file: string): string =>
      `- { id: load, command: "pg_restore -U postgres -d shop /backups/${file}", manual: load }`;
    expect(finds(plan('format: custom', load('shop_backup.sql')), 'order.wrong_format')).toBe(true);
    expect(finds(plan('format: custom', load('shop.dump')), 'order.wrong_format')).toBe(false);
  });
});

describe('pitfall: wrong SQLite and Kubernetes methods', () => {
  const sqlite = 'sqlite, path: ./catalog.db';

  it('order.live_copy: a live SQLite file copied by hand', () => {
    const look = '- { check: { asset: orders } }';
    expect(finds(plan('method: copy', look, sqlite), 'order.live_copy')).toBe(true);
    expect(finds(plan('command: "gzip -c /data/catalog.db > x.gz"', look, sqlite), 'order.live_copy')).toBe(true);
    expect(
      finds(
        plan('method: online, command: "sqlite3 /data/catalog.db \'.backup x.db\'"', look, sqlite),
        'order.live_copy',
      ),
    ).toBe(false);
    expect(finds(plan('method: copy, live: false', look, sqlite), 'order.live_copy')).toBe(false);
  });

  it('order.export_incomplete and order.plain_secrets: kubectl get all,secrets', () => {
    const all = 'command: "kubectl get all,configmaps,secrets -n shop -o yaml > cluster.yaml"';
    expect(finds(plan(all), 'order.export_incomplete')).toBe(true);
    expect(finds(plan(all), 'order.plain_secrets')).toBe(true);
    expect(finds(plan(`${all}, encrypted: true`), 'order.plain_secrets')).toBe(false);
    expect(finds(plan('command: "kubectl get configmaps -n shop -o yaml > c.yaml"'), 'order.export_incomplete')).toBe(
      false,
    );
  });
});

describe('order.log_without_points', () => {
  it('finds a store that gets the log and no point', () => {
    const streamed = (to: string): string => plan('file: x').replace('to: [far]', `to: [other], ${to}`);
    const alone = streamed('stream: { to: [other, far] }');
    expect(said(alone, 'order.log_without_points')).toEqual([
      expect.stringContaining('goes into far, and no recovery point does: nothing can be restored from there'),
    ]);
    for (const good of ['copy: { to: [far] }, stream: { to: [other, far] }', 'stream: { to: [other] }'])
      expect(finds(streamed(good), 'order.log_without_points')).toBe(false);
  });
});

describe('order.pitr_without_log', () => {
  it('finds a log window without a log', () => {
    const keeping = plan('file: x').replace('every: 30m,', 'every: 30m, keep: { daily: 30d, pitr: 7d },');
    expect(finds(keeping, 'order.pitr_without_log')).toBe(true);
    expect(finds(keeping.replace('every: 30m,', 'every: 30m, stream: { to: [far] },'), 'order.pitr_without_log')).toBe(
      false,
    );
  });

  it('finds a procedure that is only called so', () => {
    const named = plan('file: x', '- { id: a, restore: orders }').replace(
      '  lost:\n',
      '  lost:\n    about: Point-in-time recovery\n',
    );
    expect(said(named, 'order.pitr_without_log')[0]).toContain('no log of orders is kept');
  });
});
