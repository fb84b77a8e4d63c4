/** The text of a sound plan of any size: assets with policies, services, scenarios of several steps, drills, in a tree of domains. */
export function largePlan(assets: number, scenarios: number): string {
  const groups = Math.max(1, Math.ceil(assets / 10));
  const list = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join('\n');
  return `lifeboat: 1
plan: large
objectives: { rto: 2h, rpo: 1h }
domains:
  safe: {}
  far: {}
  west:
${list(groups, (group) => `    site${group}: { rack${group}: {} }`)}
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: west }
  away: { type: fs, path: ./away, domain: far }
policies:
${list(
  20,
  (index) => `  policy${index}:
    every: ${index + 10}m
    budget: 5m
    to: [near]
    copy: { to: [away], within: 10m }
    keep: { daily: 30d, monthly: 1y, atLeast: 7 }
    verify: { every: 1d at ${String(index).padStart(2, '0')}:00, youngerThan: 2h }`,
)}
assets:
${list(assets, (index) => `  asset${index}: { type: files, path: ./data/${index}, domain: rack${index % groups}, policy: policy${index % 20} }`)}
services:
${list(groups, (group) => `  service${group}: { needs: [${Array.from({ length: Math.min(10, assets) }, (_, index) => `asset${(group + index * groups) % assets}`).join(', ')}], objectives: { rto: 1h, rpo: 1h } }`)}
environments: { production: { domain: west, protected: true }, standby: { domain: far } }
scenarios:
${list(
  scenarios,
  (index) => `  scenario${index}:
    loses: { domains: [site${index % groups}], assets: [asset${index % assets}] }
    objectives: { rto: 1h, rpo: 1h }
    steps:
      - { id: stop, fence: service${index % groups}, budget: 2m }
      - { id: bring, restore: asset${index % assets}, into: new, budget: 20m }
      - { id: look, check: { asset: asset${index % assets}, of: "\${steps.bring.url}" }, budget: 2m }
      - { id: put_up, exec: [kubectl, scale, deployment/service${index % groups}, --replicas=3, -n, shop], budget: 2m }
      - { id: healthy, check: { service: service${index % groups} }, budget: 2m }`,
)}
drills:
${list(Math.min(scenarios, 50), (index) => `  drill${index}: { scenario: scenario${index}, every: first saturday at 10:00, expect: { rto: 1h, rpo: 1h } }`)}
`;
}
