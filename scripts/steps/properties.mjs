// The table of kinds by what they declare of themselves, for docs/steps.md; what the plan's language takes of each is asked of its reader.
import { formatDuration, limits } from '../../src/core/index.ts';
import { parseText } from '../../src/plan/document.ts';
import { inspectPlan } from '../../src/plan/load.ts';
import { registry } from '../../src/app/registry.ts';
import { isWalked, table } from './words.mjs';

/** A value that each key may have, as plans write it. */
const values = {
  needs: '[first]',
  if: '"${!environment.ephemeral}"',
  in: 'other',
  site: 'far',
  window: 'quiet',
  budget: '5m',
  timeout: '10m',
  retry: '2',
  idempotent: 'true',
  destructive: 'true',
  guard: '[{ http: "http://127.0.0.1/" }]',
  verify: '[{ http: "http://127.0.0.1/" }]',
  undo: '{ exec: [./take-back] }',
  owner: 'on_call',
};

export function propertiesOf(kinds) {
  const rows = kinds.map((kind) => [
    `\`${kind.kind}\``,
    isWalked(kind) ? 'as its steps' : kind.destructive ? 'yes' : 'no',
    isWalked(kind) ? 'as its steps' : looked(kind),
    isWalked(kind) ? 'as its steps, then by `verify`' : proved(kind),
    isWalked(kind) ? 'that of its steps' : time(kind),
    isWalked(kind) ? 'as its least sure step' : (kind.surest ?? 'predicted'),
    isWalked(kind) ? 'as its steps' : bubble(kind),
    isWalked(kind) ? 'its steps' : elsewhere(kind),
    refusedOf(kind).join(', ') || 'none',
  ]);
  const head = [
    'kind',
    'destructive',
    'asked of the world after a crash',
    'its end is proved',
    'timeout unless stated',
    'a dry run says at best',
    'in a bubble',
    'done by another site',
    'keys it does not take',
  ];
  return `## What each kind declares

Every kind takes ${Object.keys(values)
    .map((key) => `\`${key}\``)
    .join(
      ', ',
    )}, and \`\${…}\` (parameters, outputs of steps, the incident, the environment) in all of its settings; the
last column says which of these it does not. A \`call\` of a drill is no group: it acts, and takes all of these but a \`site\`.

${table(head, rows)}`;
}

const looked = ({ inspect }) => (inspect === undefined ? 'no' : 'yes');

const proved = ({ prove, verifies }) =>
  verifies === true ? 'it is a look itself' : prove === undefined ? 'by `verify`' : 'from outside, then by `verify`';

function time({ longestMs }) {
  const general = formatDuration(limits.stepTimeoutMs).replaceAll('\u00A0', ' ');
  return longestMs === undefined ? general : `${general}, or what its settings take`;
}

const bubble = ({ inBubble }) =>
  ({ all: 'all of it', inside: 'what is inside; the rest is not exercised', nothing: 'not exercised' })[inBubble];

const elsewhere = ({ meanwhile, ofItsRun }) =>
  ofItsRun === true || meanwhile !== undefined ? 'no: it goes with its run' : 'yes';

/** Which keys the reader of plans refuses beside this kind, also where it has a `verify` that they could be about. */
function refusedOf({ example = '' }) {
  const [first = ''] = example.split(/\n(?=- )/);
  return Object.keys(values).flatMap((key) => {
    if (!isRefused(first, key)) return [];
    return isRefused(first, key, 'verify') ? [`\`${key}\``] : [`\`${key}\` (but beside \`verify\`)`];
  });
}

function isRefused(step, key, ...beside) {
  const written = [key, ...beside].map((one) => `  ${one}: ${values[one]}`);
  const steps = ['- { id: first, wait: 1s }', ...step.split('\n'), ...written];
  const text = [...plan, ...steps.map((line) => `      ${line}`), ''].join('\n');
  const { findings } = inspectPlan(parseText('plan.yaml', text), registry);
  return findings.some(({ path }) => path === `scenarios.lost.steps[1].${key}`);
}

const plan = [
  'lifeboat: 1',
  'plan: small',
  'keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }',
  'domains: { safe: {}, far: {} }',
  'stores: { near: { type: fs, path: ./stores/near, domain: safe } }',
  'assets: { documents: { type: files, path: ./documents } }',
  'environments: { production: {}, other: {} }',
  'windows: { quiet: { every: saturday at 22:00, for: 4h } }',
  'contacts: { duty: { role: on_call, email: duty@shop.example } }',
  'scenarios:',
  '  lost:',
  '    steps:',
];
