/** Something on each kind of calendar, in zones that change their clocks on different days. */
export const everyCalendar = `
lifeboat: 1
plan: calm
timezone: Europe/Berlin
tool: { heartbeat: { url: "http://127.0.0.1:9/ping" } }
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 4h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: there }
  far: { type: fs, path: ./far, domain: safe }
policies:
  streamed: { stream: { to: [near] }, every: 1d at 02:30, to: [near], keep: { daily: 30d, atLeast: 7 } }
  often: { every: 5m, to: [near], keep: { daily: 30d, atLeast: 7 } }
  hours: { every: every 6h, to: [near], keep: { daily: 30d, atLeast: 7 }, verify: { every: 1d at 05:00 } }
  nightly:
    every: 1d at 02:30
    to: [near]
    copy: { to: [far], within: 1h }
    keep: { daily: 30d, atLeast: 7 }
    verify: { every: 1d at 05:00, youngerThan: 26h }
  abroad: { every: 'weekdays at 01:30 America/New_York', to: [near], keep: { daily: 30d, atLeast: 7 } }
  cron: { every: 30 2 * * *, to: [near], keep: { daily: 30d, atLeast: 7 } }
  twice: { every: ['1d at 12:00', saturday at 18:00], to: [near], keep: { daily: 30d, atLeast: 7 } }
  monthly: { every: first saturday at 10:00, to: [near], keep: { daily: 90d, atLeast: 3 } }
  friday: { every: last friday, to: [near], keep: { daily: 90d, atLeast: 3 } }
assets:
  orders: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: streamed, objectives: { rpo: 1m } }
  carts: { type: files, path: ./carts, domain: here, policy: often, objectives: { rpo: 10m } }
  docs: { type: files, path: ./docs, domain: here, policy: hours, objectives: { rpo: 7h } }
  mail: { type: files, path: ./mail, domain: here, policy: nightly, objectives: { rpo: 26h } }
  ledger: { type: files, path: ./ledger, domain: here, policy: abroad, objectives: { rpo: 4d } }
  wiki: { type: files, path: ./wiki, domain: here, policy: cron, objectives: { rpo: 26h } }
  site: { type: files, path: ./site, domain: here, policy: twice, objectives: { rpo: 26h } }
  archive: { type: files, path: ./archive, domain: here, policy: monthly, objectives: { rpo: 40d } }
  books: { type: files, path: ./books, domain: here, policy: friday, objectives: { rpo: 40d } }
environments: { bubble: { ephemeral: true } }
drills:
  weekly: { restore: docs, every: saturday at 06:00, in: bubble, expect: { rto: 1h } }
  first: { restore: mail, every: first saturday at 10:00, in: bubble, expect: { rto: 1h } }
alerts:
  backup_failed: { kind: freshness, watch: { asset: mail }, olderThan: 26h, for: 1h, priority: critical }
  backup_size: { kind: size, watch: { asset: mail }, changesBy: 50%, over: 7d, for: 0m, priority: warning }
  docs_fail: { kind: failure, watch: { policy: hours }, for: 15m, priority: warning }
  no_drill: { kind: freshness, watch: { drill: any }, olderThan: 9d, for: 10d, priority: warning }
`;

/** One asset for each thing that can go wrong, each with a turn an hour. */
export const everythingWrong = `
lifeboat: 1
plan: wrong
tool: { heartbeat: { url: "http://127.0.0.1:9/ping" } }
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: there }
  far: { type: fs, path: ./far, domain: safe }
policies:
  hourly: { every: 1h, to: [near], keep: { daily: 30d, atLeast: 7 } }
  unborn: { every: 1h, to: [near], keep: { daily: 30d, atLeast: 7 } }
  checked: { every: 1h, to: [near], verify: { every: every 6h }, keep: { daily: 30d, atLeast: 7 } }
  proved: { every: 1h, to: [near], verify: { every: every 6h }, keep: { daily: 30d, atLeast: 7 } }
  streamed: { stream: { to: [near] }, every: every 6h, to: [near], keep: { daily: 30d, atLeast: 7 } }
assets:
  stops: { type: files, path: ./a, domain: here, policy: hourly, objectives: { rpo: 2h } }
  hangs: { type: files, path: ./b, domain: here, policy: hourly }
  shrinks: { type: files, path: ./c, domain: here, policy: hourly }
  grows: { type: files, path: ./d, domain: here, policy: hourly }
  empties: { type: files, path: ./e, domain: here, policy: hourly }
  never: { type: files, path: ./f, domain: here, policy: unborn }
  unread: { type: files, path: ./g, domain: here, policy: checked }
  rotten: { type: files, path: ./h, domain: here, policy: proved }
  mute: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: streamed }
  behind: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: streamed, objectives: { rpo: 1m } }
  ended: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: streamed }
channels: { ops: { type: webhook, url: "http://127.0.0.1:9/hook" } }
environments: { bubble: { ephemeral: true } }
drills: { tried: { restore: shrinks, every: every 6h, in: bubble, expect: { rto: 1h } } }
alerts:
  BackupFailed:
    { kind: freshness, watch: { asset: stops }, for: 1h, priority: critical, query: time() - backup_last_success_timestamp > 14400, says: stopped }
  BackupOld: { kind: freshness, watch: { asset: stops }, for: 0m, priority: critical, query: time() - backup_last_success_timestamp > 21600 }
  BackupSizeAnomaly:
    {
      kind: size,
      watch: { asset: shrinks },
      for: 0m,
      priority: warning,
      query: 'abs(backup_size_bytes - avg_over_time(backup_size_bytes[7d])) / avg_over_time(backup_size_bytes[7d]) > 0.5',
    }
  stops_fresh: { kind: freshness, watch: { asset: stops }, olderThan: 4h, for: 0m, priority: critical }
  checked_fresh: { kind: freshness, watch: { policy: hourly, store: near }, olderThan: 5h, for: 0m, priority: critical }
  tried_fresh: { kind: freshness, watch: { drill: tried }, olderThan: 30h, for: 0m, priority: warning }
  any_fresh: { kind: freshness, watch: { drill: any }, olderThan: 30h, for: 0m, priority: warning }
  grows_size: { kind: size, watch: { asset: grows }, changesBy: 50%, over: 7d, for: 0m, priority: warning }
  stops_fail: { kind: failure, watch: { asset: stops }, for: 0m, priority: warning }
  hourly_fail: { kind: failure, watch: { policy: hourly }, for: 0m, priority: warning }
  NoRecentDRTest: { kind: freshness, watch: { drill: tried }, for: 0m, priority: warning, query: time() - dr_test_last_success_timestamp > 108000 }
`;
