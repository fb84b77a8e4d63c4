import { describe, expect, it } from 'vitest';
import { finds, findingsIn, said, sound } from '../../testing/lint-text.ts';

const plan = (steps: string, more = ''): string =>
  sound(`stores: { far: { type: fs, path: ./far, domain: east } }
policies: { database: { every: 30m, to: [far] } }
assets: { orders: { type: postgres, url: { env: URL }, domain: west, policy: database } }
services: { shop: { needs: [orders], pointers: { database: { env: DATABASE_URL } } } }
contacts: { lead: { role: lead, phone: "1", backup: deputy }, deputy: { phone: "2" } }
${more}
scenarios:
  lost:
    loses: { assets: [orders] }
    steps:
${steps
  .trim()
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`);

describe('order.needs_later', () => {
  const restore = '- { id: bring_back, restore: orders, takes: ["server:postgres"] }';
  const deploy = '- { id: put_up, provision: { what: the server }, makes: ["server:postgres"] }';

  it('finds what is made only afterwards', () => {
    expect(said(plan(`${restore}\n${deploy}`), 'order.needs_later')).toEqual([
      'bring_back needs server postgres, which is made later, by put_up',
    ]);
    expect(finds(plan(`${deploy}\n${restore}`), 'order.needs_later')).toBe(false);
  });

  it('reads manifests: a database restored before its server is applied', () => {
    const apply =
      '- { id: apply_database, provision: { what: the database, by: kubectl, files: [k8s/03-postgresql.yaml] } }';
    expect(said(plan(`- { id: bring_back, restore: orders }\n${apply}`), 'order.needs_later')[0]).toContain(
      'k8s/03-postgresql.yaml',
    );
    expect(finds(plan(`${apply}\n- { id: bring_back, restore: orders }`), 'order.needs_later')).toBe(false);
  });

  it('finds workloads in a new cluster that start before their secrets exist', () => {
    const cluster = '- { provision: { what: the cluster, by: terraform } }';
    const workloads = '- { id: apply, exec: [kubectl, apply, -k, k8s/overlays/production/] }';
    const secrets = '- { id: secrets, exec: [kubectl, create, secret, generic, database, -n, shop] }';
    expect(finds(plan(`${cluster}\n${workloads}\n${secrets}`), 'order.needs_later')).toBe(true);
    expect(finds(plan(`${cluster}\n${secrets}\n${workloads}`), 'order.needs_later')).toBe(false);
  });
});

describe('order.needs_missing', () => {
  const cluster = '- { id: cluster, exec: [eksctl, create, cluster, -f, cluster.yaml] }';
  const install = '- { id: install, exec: [helm, upgrade, --install, shop, ./chart, -n, shop] }';

  it('finds a namespace that a new cluster lacks', () => {
    expect(said(plan(`${cluster}\n${install}`), 'order.needs_missing')).toEqual([
      'install needs the namespace shop in the new cluster of cluster, and no step makes it',
    ]);
    expect(
      finds(plan(`${cluster}\n- { exec: [kubectl, create, namespace, shop] }\n${install}`), 'order.needs_missing'),
    ).toBe(false);
    expect(finds(plan(`${cluster}\n${install.replace('-n,', '--create-namespace, -n,')}`), 'order.needs_missing')).toBe(
      false,
    );
  });

  it('is silent in the cluster that was there before', () => {
    expect(finds(plan(install), 'order.needs_missing')).toBe(false);
  });
});

it('order.needs_stopped: pg_restore after systemctl stop', () => {
  const stop = '- { id: stop, exec: [sudo, systemctl, stop, postgresql] }';
  const start = '- { id: start, exec: [sudo, systemctl, start, postgresql] }';
  const load = '- { id: load, exec: [pg_restore, -d, orders, orders.dump] }';
  expect(said(plan(`${stop}\n${load}\n${start}`), 'order.needs_stopped')).toEqual([
    'load needs the service postgresql to run, but stop has stopped it',
  ]);
  expect(finds(plan(`${stop}\n${start}\n${load}`), 'order.needs_stopped')).toBe(false);
});

describe('order.switch_first', () => {
  const turn = '- { id: turn, switch: { service: shop, pointer: database, value: x } }';

  it('wants a check between the restore and the switch', () => {
    expect(finds(plan(`- { id: a, restore: orders }\n${turn}`), 'order.switch_first')).toBe(true);
    expect(
      finds(plan(`- { id: a, restore: orders }\n- { check: { asset: orders } }\n${turn}`), 'order.switch_first'),
    ).toBe(false);
  });

  it('finds DNS that is switched before the applications are deployed', () => {
    const steps = (...order: string[]): string => order.join('\n');
    const ground = '- { id: ground, exec: [terraform, apply] }';
    const dns = '- { id: dns, exec: [aws, route53, change-resource-record-sets, --hosted-zone-id, Z1] }';
    const deploy = '- { id: deploy, exec: [kubectl, apply, -k, k8s/overlays/dr/] }';
    const look = '- { id: look, exec: [curl, -f, https://shop.example/health] }';
    expect(said(plan(steps(ground, dns, deploy)), 'order.switch_first')[0]).toContain('deploy starts it later');
    expect(finds(plan(steps(ground, deploy, look, dns)), 'order.switch_first')).toBe(false);
  });
});

it('order.no_final_check: a health check ends the procedure', () => {
  expect(finds(plan('- { id: a, restart: shop }'), 'order.no_final_check')).toBe(true);
  expect(finds(plan('- { id: a, restart: shop }\n- { check: { service: shop } }'), 'order.no_final_check')).toBe(false);
});

it('pitfall: split brain: order.promote_without_fence', () => {
  expect(finds(plan('- { id: a, promote: orders }'), 'order.promote_without_fence')).toBe(true);
  expect(
    finds(
      plan('- { id: a, exec: [aws, rds, promote-read-replica, --db-instance-identifier, x] }'),
      'order.promote_without_fence',
    ),
  ).toBe(true);
  expect(
    finds(plan('- { id: f, fence: { asset: orders } }\n- { id: a, promote: orders }'), 'order.promote_without_fence'),
  ).toBe(false);
});

it('order.destroy_without_freeze: a rename while connections exist', () => {
  const rename = '- { id: rename, exec: [psql, -c, "ALTER DATABASE shop RENAME TO shop_old"] }';
  expect(said(plan(rename), 'order.destroy_without_freeze')).toEqual([
    'rename destroys database shop (renamed to shop_old), and no step before it stops the writers',
  ]);
  expect(finds(plan(`- { id: f, fence: shop }\n${rename}`), 'order.destroy_without_freeze')).toBe(false);
});

it('order.once_only: helm install fails when the release exists', () => {
  expect(finds(plan('- { id: a, exec: [helm, install, shop, ./chart] }'), 'order.once_only')).toBe(true);
  expect(finds(plan('- { id: a, exec: [helm, upgrade, --install, shop, ./chart] }'), 'order.once_only')).toBe(false);
});

it('order.two_sources: DATABASE_URL and DATABASE_HOST', () => {
  const set = (name: string): string => `- { exec: [kubectl, set, env, deployment/shop, ${name}=x] }`;
  expect(said(plan(set('DATABASE_HOST')), 'order.two_sources')).toEqual([
    'DATABASE_URL and DATABASE_HOST are both set, and name the same thing',
  ]);
  expect(finds(plan(set('DATABASE_URL')), 'order.two_sources')).toBe(false);
});

describe('order.wrong_overlay', () => {
  const environments = 'environments: { production: { domain: west }, dr: { domain: east } }';
  const region = (overlay: string): string =>
    plan(
      `- { id: dr_ground, provision: { what: the dr region, by: terraform } }\n- { id: apply, provision: { what: applications, by: kustomize, overlay: ${overlay} } }`,
      environments,
    ).replace('loses: { assets: [orders] }', 'loses: { domains: [west] }');

  it('finds the configuration of the lost place in another one', () => {
    expect(finds(region('production'), 'order.wrong_overlay')).toBe(true);
    expect(finds(region('dr'), 'order.wrong_overlay')).toBe(false);
  });

  it('finds it by the names in commands, when the plan places no environments', () => {
    const deploy = (overlay: string): string =>
      plan(
        `- { id: deploy, manual: deploy, command: "aws eks update-kubeconfig --name shop-dr\\nkubectl apply -k k8s/overlays/${overlay}/" }`,
      );
    expect(finds(deploy('production'), 'order.wrong_overlay')).toBe(true);
    expect(finds(deploy('dr'), 'order.wrong_overlay')).toBe(false);
  });

  it('lets production be rebuilt where it was', () => {
    expect(
      finds(
        region('production').replaceAll('dr_ground', 'ground').replaceAll('the dr region', 'the region'),
        'order.wrong_overlay',
      ),
    ).toBe(false);
  });
});

it('order.merge_undecided: rows loaded into a table that has rows', () => {
  const steps = (conflict: string): string =>
    `- { id: take, export: { asset: orders, tables: [users], dataOnly: true } }\n- { id: load, import: { asset: orders${conflict} } }`;
  expect(finds(plan(steps('')), 'order.merge_undecided')).toBe(true);
  expect(finds(plan(steps(', conflict: skip')), 'order.merge_undecided')).toBe(false);
  const commands =
    '- { id: take, command: "pg_dump -d t --data-only > rows.sql", manual: take }\n- { id: load, command: "psql -d shop < rows.sql", manual: load }';
  expect(finds(plan(commands), 'order.merge_undecided')).toBe(true);
});

it('order.copies_too_late: backups copied back after the restore', () => {
  const more = 'clusters: {}';
  const steps = ['- { id: back, replicate: { from: far, to: far } }', '- { id: a, restore: orders }'];
  expect(finds(plan(steps.join('\n'), more), 'order.copies_too_late')).toBe(false);
  expect(finds(plan(steps.toReversed().join('\n'), more), 'order.copies_too_late')).toBe(true);
});

it('says where a step stands', () => {
  const found = findingsIn(plan('- { id: a, promote: orders }')).find(
    ({ code }) => code === 'order.promote_without_fence',
  );
  expect(found).toMatchObject({ path: 'scenarios.lost.steps[0]', line: 18, column: 9 });
});
