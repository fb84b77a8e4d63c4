/** One change that makes a sound plan unsound, and the rule that must say so. */
export interface Mutation {
  readonly rule: string;
  readonly what: string;
  readonly change: (plan: string) => string;
}

/** A plan with something of everything that rules judge, and nothing wrong. */
export const soundPlan = `lifeboat: 1
plan: sound
owner: platform@shop.example
review: { last: 2026-10-01, every: quarterly }
domains: { west: { racks: {} }, east: {}, safe: {}, elsewhere: {} }
objectives: { rto: 4h, rpo: 1h }
tool: { domain: safe }
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: west }
  far: { type: s3, bucket: shop-copies, domain: east, versioning: true, lifecycle: [{ after: 400d, expire: true }, { after: 7d, expire: true, versions: true }] }
policies:
  database: { every: 30m, budget: 10m, to: [near], copy: { to: [far], within: 10m }, stream: { to: [near] }, keep: { daily: 30d, monthly: 1y, pitr: 7d, tiers: [{ after: 100d, class: glacier }] }, verify: { every: 1d, youngerThan: 2h } }
  catalogue: { every: 30m, to: [near], copy: { to: [far], within: 10m }, keep: { daily: 30d } }
assets:
  orders: { type: postgres, url: { env: URL }, domain: west, policy: database, artifacts: { dump: { file: orders-YYYY-MM-DD.dump, format: custom, store: far } } }
  catalog: { type: sqlite, path: ./catalog.db, domain: west, policy: catalogue, artifacts: { copy: { method: online, file: catalog.db } } }
  licences: { excluded: bought again within a day, domain: elsewhere }
services:
  shop: { needs: [orders, catalog], objectives: { rto: 2h, rpo: 1h }, pointers: { address: { dns: shop.example, ttl: 60s }, database: { secret: app, key: DATABASE_URL } } }
environments: { production: { protected: true, domain: west }, dr: { domain: east } }
documents: { script: { kind: script, path: ops/restore.sh, domain: safe } }
contacts: { kim: { role: lead, phone: "1", email: kim@shop.example, backup: sam }, sam: { phone: "2", backup: kim } }
incidents: { statusPage: { url: https://status.example, domain: elsewhere } }
channels: { ops: { type: webhook, url: { env: HOOK }, domain: west, else: desk }, desk: { type: smtp, url: { env: MAIL }, to: [kim] } }
scenarios:
  west_lost:
    loses: { domains: [west] }
    objectives: { rto: 2h, rpo: 1h }
    expected: 1h-2h
    steps:
      - { id: stop_writers, fence: shop, budget: 2m }
      - { id: ground, provision: { what: the dr cluster, by: terraform }, budget: 30m, uses: [script] }
      - { id: namespace, provision: { what: the namespace, by: kubectl }, makes: ["namespace:shop"], budget: 1m }
      - { id: fetch_dump, fetch: { asset: orders, store: far, file: orders-YYYY-MM-DD.dump }, budget: 5m }
      - { id: bring_back, restore: orders, program: pg_restore, budget: 20m }
      - { id: looks_right, check: { asset: orders }, budget: 2m }
      - { id: applications, provision: { what: the applications, by: helm, release: shop, namespace: shop, overlay: dr }, starts: [shop], budget: 10m }
      - { id: healthy, check: { service: shop }, budget: 2m }
      - { id: turn, switch: { service: shop, pointer: address, value: dr.shop.example }, budget: 1m }
      - { id: still_healthy, check: { service: shop }, budget: 2m }
  standby:
    loses: { assets: [orders] }
    objectives: { rto: 1h, rpo: 1h }
    steps:
      - { id: keep_off, fence: { asset: orders } }
      - { id: promote, promote: orders }
      - { id: fine, check: { service: shop } }
drills:
  monthly: { scenario: west_lost, every: first saturday at 10:00, budget: 2h, stages: [{ name: all, budget: 90m }], expect: { rto: 2h, rpo: 1h } }
alerts:
  no_drill: { kind: freshness, watch: { drill: monthly }, olderThan: 36d }
`;

const swap = (rule: string, what: string, from: string, to: string): Mutation => ({
  rule,
  what,
  change: (plan) => plan.replace(from, to),
});

/** A step moves directly before another one. */
const move = (rule: string, what: string, step: string, before: string): Mutation => ({
  rule,
  what,
  change: (plan) => {
    const lineOf = (id: string): string | undefined => plan.split('\n').find((line) => line.includes(`{ id: ${id},`));
    const [moved, target] = [lineOf(step), lineOf(before)];
    if (moved === undefined || target === undefined) return plan;
    return plan.replace(`${moved}\n`, '').replace(target, `${moved}\n${target}`);
  },
});

const drop = (rule: string, what: string, step: string): Mutation => ({
  rule,
  what,
  change: (plan) => plan.replace(new RegExp(`^ +- \\{ id: ${step},.*\n`, 'm'), ''),
});

export const mutations: readonly Mutation[] = [
  swap('time.rpo', 'points come too seldom', 'catalogue: { every: 30m', 'catalogue: { every: 6h'),
  swap(
    'time.scenario_rpo',
    'a scenario promises to lose nothing',
    'objectives: { rto: 2h, rpo: 1h }\n    expected',
    'objectives: { rto: 2h, rpo: 0s }\n    expected',
  ),
  swap(
    'time.rto_budgets',
    'a step takes too long',
    'program: pg_restore, budget: 20m',
    'program: pg_restore, budget: 90m',
  ),
  swap('time.expected_too_long', 'more is expected than promised', 'expected: 1h-2h', 'expected: 2h-3h'),
  swap(
    'time.rto_looser',
    'a scenario allows itself more',
    'objectives: { rto: 1h, rpo: 1h }',
    'objectives: { rto: 5h, rpo: 1h }',
  ),
  swap('time.dns_ttl', 'the TTL is a day', 'ttl: 60s', 'ttl: 1d'),
  swap('time.alert_too_eager', 'the alert rings after 30 days', 'olderThan: 36d', 'olderThan: 30d'),
  swap('time.no_threshold', 'the alert has no number', ', olderThan: 36d', ''),
  swap(
    'time.two_cadences',
    'the dump has a rhythm of its own',
    'format: custom, store: far',
    'format: custom, store: far, every: 1d',
  ),
  swap(
    'time.criteria_clash',
    'nothing may be lost',
    'stages: [{ name: all, budget: 90m }], expect: { rto: 2h, rpo: 1h',
    'expect: { rto: 2h, rpo: 1h, lost: 0',
  ),
  swap('time.drill_too_long', 'a stage is longer than the target', 'name: all, budget: 90m', 'name: all, budget: 3h'),
  swap('keeping.tier_after_end', 'the tier begins after the end', 'after: 100d, class', 'after: 365d, class'),
  swap('keeping.lifecycle_too_short', 'the bucket expires early', 'after: 400d, expire', 'after: 90d, expire'),
  swap('keeping.versions_stay', 'old versions stay', ', { after: 7d, expire: true, versions: true }', ''),
  swap('keeping.pitr_without_base', 'bases are too young', 'daily: 30d, monthly: 1y, pitr: 7d', 'daily: 5d, pitr: 7d'),
  swap(
    'keeping.noticed_too_late',
    'nobody looks in time',
    'keep: { daily: 30d, monthly: 1y, pitr: 7d, tiers: [{ after: 100d, class: glacier }] }, verify: { every: 1d',
    'keep: { daily: 20d, pitr: 7d }, verify: { every: monthly',
  ),
  swap('order.pitr_without_log', 'the log is not kept', ', stream: { to: [near] }', ''),
  swap(
    'order.log_without_points',
    'the log goes where no point does',
    'copy: { to: [far], within: 10m }, stream: { to: [near] }',
    'stream: { to: [near, far] }',
  ),
  move('order.needs_later', 'the namespace is made after what needs it', 'applications', 'namespace'),
  drop('order.needs_missing', 'nobody makes the namespace', 'namespace'),
  move('order.switch_first', 'DNS turns before the applications are there', 'turn', 'applications'),
  drop('order.no_final_check', 'nothing looks at the end', 'still_healthy'),
  drop('order.promote_without_fence', 'the old primary goes on', 'keep_off'),
  swap(
    'order.needs_stopped',
    'the database is stopped before its restore',
    '- { id: bring_back,',
    '- { id: halt, stop: { asset: orders } }\n      - { id: bring_back,',
  ),
  swap(
    'order.destroy_without_freeze',
    'a database is dropped under its users',
    '- { id: keep_off, fence: { asset: orders } }',
    '- { id: away, exec: [dropdb, shop] }',
  ),
  swap(
    'order.once_only',
    'a step cannot be repeated',
    'starts: [shop], budget',
    'starts: [shop], idempotent: false, budget',
  ),
  swap(
    'order.two_sources',
    'the address stands twice',
    'key: DATABASE_URL }',
    'key: DATABASE_URL }, host: { config: app, key: DATABASE_HOST }',
  ),
  swap('order.wrong_overlay', 'production is configured elsewhere', 'overlay: dr', 'overlay: production'),
  swap(
    'order.merge_undecided',
    'rows are loaded among rows',
    '- { id: fine,',
    '- { id: load, import: { asset: orders } }\n      - { id: fine,',
  ),
  swap(
    'order.file_nobody_makes',
    'another name is fetched',
    'file: orders-YYYY-MM-DD.dump }, budget',
    'file: orders-latest.dump }, budget',
  ),
  swap('order.wrong_format', 'the dump becomes plain SQL', 'format: custom', 'format: sql'),
  swap(
    'order.copies_too_late',
    'copies come back after the restore',
    '- { id: looks_right,',
    '- { id: back, replicate: { from: far, to: near } }\n      - { id: looks_right,',
  ),
  swap('order.live_copy', 'the file is copied as it stands', 'method: online', 'method: copy'),
  swap(
    'order.plain_secrets',
    'an export holds secrets',
    'artifacts: { copy: { method: online,',
    'artifacts: { export: { command: "kubectl get configmaps,secrets -o yaml > x.yaml" }, copy: { method: online,',
  ),
  swap(
    'order.export_incomplete',
    'an export says all',
    'artifacts: { copy: { method: online,',
    'artifacts: { export: { command: "kubectl get all -o yaml > x.yaml" }, copy: { method: online,',
  ),
  swap(
    'domains.copies_with_source',
    'the copy moves in with the source',
    'bucket: shop-copies, domain: east',
    'bucket: shop-copies, domain: racks',
  ),
  swap(
    'domains.points_lost',
    'the scenario takes the copies too',
    'loses: { domains: [west] }',
    'loses: { domains: [west, east] }',
  ),
  swap('domains.key_with_data', 'the key moves in with the data', 'LB_PASS }, domain: safe', 'LB_PASS }, domain: west'),
  swap('domains.key_lost', 'the scenario takes the key', 'LB_PASS }, domain: safe', 'LB_PASS }, domain: west'),
  swap(
    'domains.key_beside_copies',
    'the key moves in with the copies',
    'LB_PASS }, domain: safe',
    'LB_PASS }, domain: east',
  ),
  swap(
    'domains.secrets_lost',
    'what was left out is lost',
    'within a day, domain: elsewhere',
    'within a day, domain: west',
  ),
  swap(
    'domains.need_lost',
    'the script is lost',
    'path: ops/restore.sh, domain: safe',
    'path: ops/restore.sh, domain: west',
  ),
  swap('domains.need_lost', 'this program is lost', 'tool: { domain: safe }', 'tool: { domain: racks }'),
  swap(
    'domains.need_lost',
    'a step reads from a store that is lost',
    'fetch: { asset: orders, store: far',
    'fetch: { asset: orders, store: near',
  ),
  swap('domains.need_lost', 'the pointer stands in what is lost', 'ttl: 60s', 'ttl: 60s, domain: west'),
  swap(
    'domains.need_lost',
    'the registry is lost',
    '  licences:',
    '  images: { type: images, registry: registry.example, domain: west, policy: catalogue }\n  licences:',
  ),
  {
    rule: 'domains.ground_lost',
    what: 'nowhere to go',
    change: (plan) =>
      plan
        .replace('dr: { domain: east } }', 'dr: { domain: racks } }')
        .replace('loses: { assets: [orders] }', 'loses: { domains: [west] }'),
  },
  swap(
    'domains.voice_lost',
    'the status page is lost',
    'status.example, domain: elsewhere',
    'status.example, domain: west',
  ),
  swap('domains.voice_lost', 'no channel is left', ', else: desk', ''),
  swap('domains.personal_place', 'the script is on a laptop', 'path: ops/restore.sh', 'path: ~/ops/restore.sh'),
  swap('domains.unplaced', 'a store is nowhere', 'path: ./near, domain: west', 'path: ./near'),
  swap('people.no_backup', 'one person alone', ', backup: sam', ''),
  swap('people.not_reachable', 'no number', 'phone: "2"', 'name: Sam'),
  swap('people.no_address', 'the mail has no recipient', ', email: kim@shop.example', ''),
  swap('people.placeholder', 'not filled in', 'phone: "2"', 'phone: "[Phone]"'),
  swap('people.review_overdue', 'not read for long', 'last: 2026-10-01', 'last: 2025-10-01'),
];
