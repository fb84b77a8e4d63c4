import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepersOf, loadWorkspacePlan } from '../../app/index.ts';
import { systemClock } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import type { Keeper } from '../index.ts';

const shop = `
lifeboat: 1
plan: shop
timezone: Europe/Berlin
tool: { heartbeat: { url: "http://127.0.0.1:9/ping" } }
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 1h, rpo: 26h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: there }
  far: { type: fs, path: ./far, domain: safe }
policies:
  continuous: { stream: { to: [near] }, every: 1d at 02:00, to: [near], keep: { daily: 30d, atLeast: 7 } }
  daily:
    every: 1d at 02:00
    to: [near]
    copy: { to: [far], within: 1h }
    keep: { daily: 30d, atLeast: 7 }
    verify: { every: 1d at 05:00, youngerThan: 26h }
assets:
  orders: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: continuous }
  docs: { type: files, path: ./docs, domain: here, policy: daily }
  mail: { type: files, path: ./mail, domain: here, policy: daily }
  dumps: { type: external, as: files, from: { folder: ./dumps, match: '*.tar' }, domain: here, policy: daily }
environments: { bubble: { ephemeral: true } }
drills:
  weekly: { restore: docs, every: saturday at 06:00, in: bubble, expect: { rto: 1h } }
  by_hand: { restore: docs, in: bubble, expect: { rto: 1h } }
alerts:
  old_backups: { kind: freshness, watch: { policy: daily }, olderThan: 24h, priority: critical }
  size_jump: { kind: size, changesBy: 50%, over: 7d, for: 0m }
  shop_down: { kind: health, watch: { service: shop }, query: 'up{job="shop"} == 0', says: the shop is down }
services: { shop: { needs: [docs] } }
`;

/** A plan with something of everything that has a calendar. */
export async function planOf(text = shop): Promise<{ plan: Plan; keeperOf: (asset: string) => Keeper }> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-plan-'));
  try {
    writeFileSync(join(folder, 'lifeboat.yaml'), text);
    const plan = await loadWorkspacePlan(join(folder, 'lifeboat.yaml'));
    return { plan, keeperOf: keepersOf(plan, systemClock) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
