import { describe, expect, it } from 'vitest';
import { registry } from '../../../app/registry.ts';
import { parseText } from '../../document.ts';
import { formatFinding } from '../../findings.ts';
import { inspectPlan } from '../../load.ts';
import { laterSteps } from '../../schema/later-steps.ts';
import type { Plan } from '../../model.ts';
import { commandsOf } from './commands.ts';
import { plainWords } from './plain-words.ts';
import { stepBlocks } from './step-blocks.ts';
import { clockTime, timetable } from './timetable.ts';

const ground = `lifeboat: 1
plan: small
keys: { main: { passphrase: { env: LB_PASS } } }
stores: { near: { type: fs, path: ./near } }
assets: { orders: { type: postgres, url: { env: URL } }, data: { type: files, path: ./data }, pods: { type: kubernetes, cluster: main } }
services: { shop: { needs: [orders], pointers: { database: { env: DATABASE_URL } } } }
clusters: { main: { kind: kubernetes, context: shop main } }
contacts: { kim: { role: on_call, phone: "1" } }
channels: { ops: { type: console } }
templates: { news: { body: hello } }
`;

function planWith(steps: string): Plan {
  const { plan, findings } = inspectPlan(
    parseText('p.yaml', `${ground}scenarios:\n  lost:\n    steps:\n${steps}`),
    registry,
  );
  if (plan === undefined) throw new Error(findings.map(formatFinding).join('\n'));
  return plan;
}

const stepsOf = (plan: Plan) => plan.scenarios.get('lost')?.steps ?? [];
const said = (step: string): string => {
  const [one] = stepsOf(planWith(`      - ${step}\n`));
  return one === undefined ? '' : plainWords(one, () => undefined);
};

describe('a step in plain words', () => {
  it.each([
    [
      'fence: { service: shop, how: scale to zero, keeps: [reads] }',
      'Keep writes away from shop: scale to zero; this goes on: reads',
    ],
    ['stop: shop', 'Stop shop'],
    ['start: { asset: orders }', 'Start orders'],
    ['rollback: { service: shop, to: "3" }', 'Put shop back to 3'],
    ['restart: { services: [shop], how: rolling }', 'Restart shop: rolling'],
    [
      'switch: { service: shop, pointer: database, value: { env: NEW_URL } }',
      'Point database of shop to what the environment variable NEW_URL holds',
    ],
    [
      'ramp: { service: shop, over: [10%, 100%], while: health, pause: 5m }',
      'Let traffic back to shop: 10%, then 100%, as long as health is green, waiting 5m between',
    ],
    ['approve: { by: [on_call], count: 1, question: Turn it? }', 'Get the consent of one of on call: Turn it?'],
    ['manual: { do: see that orders arrive }', 'See that orders arrive'],
    ['look: { at: the logs, for: error }', 'Look at the logs for: error'],
    ['declare: { as: by the impact }', 'Declare the incident, by the impact'],
    ['promote: orders', 'Make the standby of orders the one that takes writes'],
    ['replicate: { from: near, to: near, asset: orders }', 'Copy orders from the store near to near'],
    [
      'provision: { what: the cluster, by: terraform, folder: infra, cluster: main }',
      'Build the cluster with terraform in the cluster main',
    ],
    ['policy: { asset: data, every: 5m }', 'Protect data, 5m'],
    ['fetch: { asset: orders, store: near, file: o.sql, to: ./ }', 'Fetch o.sql from the store near to ./'],
    ['preserve: { asset: orders, as: /before }', 'Keep orders as it is now, before anything changes it: as /before'],
    ['export: { asset: orders, tables: [a], to: a.sql }', 'Export the tables a of orders to a.sql'],
    [
      'import: { asset: orders, from: a.sql, conflict: skip }',
      'Import orders from a.sql; rows that are there already: skip',
    ],
    ['remove: ["database:old"]', 'Remove database old'],
    ['backup: data', 'Take a recovery point of data'],
    ['restore: { asset: orders, store: near }', 'Restore orders into a new place, from the store near'],
    ['check: { service: shop }', 'See that shop is healthy'],
    ['check: { tcp: "localhost:5432" }', 'See that a connection to localhost:5432 is accepted'],
    ['exec: [make, all]', 'Run make'],
    ['wait: 5m', 'Wait 5m'],
    [
      'wait: { until: { http: http://127.0.0.1/x, expect: status == 200 }, for: 2m }',
      'Wait until GET http://127.0.0.1/x answers, expecting status == 200, at most 2m',
    ],
    ['notify: { channel: ops, template: news }', 'Tell ops with the message news'],
    ['choose: { question: which?, options: [a, b] }', 'Decide: which?'],
    ['parallel: [{ backup: data }, { wait: 1m }]', 'Do these at the same time'],
  ])('%s', (step, words) => {
    expect(said(step)).toBe(words);
  });

  it('has words for every kind that the language has', () => {
    const kinds = [...registry.steps.map(({ kind }) => kind), ...laterSteps.map(({ kind }) => kind)];
    const empty = { id: 'one', siblings: {}, steps: [], retry: { times: 0, pauseMs: 0 } } as never;
    const wordless = kinds.filter(
      (kind) =>
        plainWords({ ...(empty as object), kind, settings: 'x' } as never, () => undefined).toLowerCase() ===
        `${kind} one`,
    );
    expect(wordless).toEqual([]);
  });
});

describe('the commands of a step', () => {
  const commands = (step: string): string[] => {
    const plan = planWith(`      - ${step}\n`);
    const context = { plan, assetTypes: new Set(['postgres', 'files']), stepKinds: new Set(['restore']) };
    return stepsOf(plan)
      .flatMap((one) => commandsOf(one, context))
      .flatMap((block) => (block.kind === 'code' ? [block.text] : []));
  };

  it.each([
    [
      '{ restore: { asset: data, point: abc, store: near } }',
      ['lifeboat restore data --to ./restored/data --point abc --store near'],
    ],
    ['{ restore: pods }', []],
    ['{ backup: data, command: "tar c data" }', ['lifeboat backup data', 'tar c data']],
    [
      '{ provision: { what: x, by: terraform, folder: infra, targets: [module.a] } }',
      ['terraform -chdir=infra init\nterraform -chdir=infra apply -target=module.a'],
    ],
    [
      '{ provision: { what: x, by: kubectl, files: [a.yaml], cluster: main, namespace: shop } }',
      ["kubectl --context 'shop main' -n shop apply -f a.yaml"],
    ],
    [
      '{ provision: { what: x, by: kustomize, files: [base/ns.yaml, overlay] } }',
      ['kubectl apply -f base/ns.yaml\nkubectl apply -k overlay'],
    ],
    ['{ provision: { what: x, by: helm, release: shop } }', []],
    [`{ exec: { run: [sh, -c, "it's"], cwd: my dir } }`, [`cd 'my dir' && sh -c 'it'\\''s'`]],
  ])('%s', (step, expected) => {
    expect(commands(step)).toEqual(expected);
  });

  it('never promise that a restore over something can be undone, nor do it', () => {
    const plan = planWith('      - { id: over, restore: orders, into: production }\n');
    const context = { plan, assetTypes: new Set(['postgres']), stepKinds: new Set(['restore']) };
    const lost = plan.scenarios.get('lost');
    const text = JSON.stringify(lost === undefined ? '' : stepBlocks(lost, context));
    expect(text).toContain('beside, never over what is there');
    expect(text).not.toContain('To undo');
  });
});

describe('the numbers and times of a procedure', () => {
  const plan = planWith(`      - { id: one, wait: 10m }
      - id: both
        parallel:
          - { id: left, backup: data, budget: 20m }
          - { id: right, backup: orders, budget: 5m }
      - id: way
        choose:
          question: which?
          options: { a: { when: it hangs, steps: [{ id: again, restart: shop }] }, b: { call: lost2 } }
      - { id: aside, wait: 1m, needs: [] }
      - { id: last, check: { service: shop }, needs: [both, aside], budget: 5m }
  lost2:
    steps: [{ wait: 1s }]
`);
  const context = { plan, assetTypes: new Set<string>(), stepKinds: new Set(['wait', 'backup', 'check', 'parallel']) };

  it('number what is inside another step by it, and ways by letters', () => {
    const lost = plan.scenarios.get('lost');
    const blocks = lost === undefined ? [] : stepBlocks(lost, context);
    const inside = blocks.flatMap((block) => [block, ...block.inside]).map(({ number, id }) => `${number} ${id}`);
    expect(inside).toEqual(['1 one', '2 both', '2.1 left', '2.2 right', '3 way', '3.a.1 again', '4 aside', '5 last']);
    expect(blocks[2]?.marks).toEqual(['a person does this']);
  });

  it('let steps that wait for nothing begin at once, and count the slowest of those at once', () => {
    const slots = timetable(stepsOf(plan));
    const words = [...slots].map(
      ([id, { fromMs, toMs, critical }]) => `${id} ${clockTime(fromMs)}-${clockTime(toMs)}${critical ? ' !' : ''}`,
    );
    expect(words).toEqual([
      'one 0:00-0:10 !',
      'both 0:10-0:30 !',
      'way 0:30-0:30',
      'aside 0:00-0:01',
      'last 0:30-0:35 !',
    ]);
  });
});
