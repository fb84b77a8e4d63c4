import type { Path } from '../../document.ts';
import type { Facts } from './facts.ts';
import type { Procedure, StepFact } from './procedures.ts';

/** Something that a recovery cannot do without, and the domain that it stands in. */
export interface Need {
  readonly sort:
    | 'document'
    | 'cluster'
    | 'secrets'
    | 'images'
    | 'signIn'
    | 'tool'
    | 'pointer'
    | 'key'
    | 'store'
    | 'service'
    | 'site'
    | 'host';
  readonly name: string;
  readonly domain: string | undefined;
  readonly path: Path;
  /** `step bring_back uses it` */
  readonly because: string;
}

/** What the procedure of a scenario needs beside points and keys: what its steps use, and this program with its sign-in. */
export function needsOf(facts: Facts, procedure: Procedure): Need[] {
  const needs: Need[] = [];
  for (const step of procedure.steps) {
    for (const name of facts.written.texts([...step.path, 'uses'])) {
      const need = named(facts, name, [...step.path, 'uses'], `${step.id} uses it`);
      if (need !== undefined) needs.push(need);
    }
    const kept =
      step.step.kind === 'provision' ? facts.written.text([...step.path, 'provision', 'cluster']) : undefined;
    const cluster = kept === undefined ? undefined : facts.written.text(['clusters', kept, 'domain']);
    const makesIt = step.acts.some(({ kind, what }) => kind === 'makes' && what.startsWith('cluster:'));
    if (kept !== undefined && !makesIt && !madeBefore(procedure, step.position)) {
      needs.push({ sort: 'cluster', name: kept, domain: cluster, path: step.path, because: `${step.id} works in it` });
    }
  }
  return [
    ...needs,
    ...procedure.steps.flatMap((step) => ofStep(facts, step)),
    ...imagesOf(facts, procedure),
    ...ofTool(facts),
  ];
}

/** Stores that a step reads from by name, and what holds the pointer that it turns. */
function ofStep(facts: Facts, step: StepFact): Need[] {
  const places: Path[] = [
    ['restore', 'store'],
    ['fetch', 'store'],
    ['replicate', 'from'],
  ];
  const stores = places.flatMap((place): Need[] => {
    const name = facts.written.text([...step.path, ...place]);
    const store = name === undefined ? undefined : facts.plan.stores.get(name);
    if (store === undefined) return [];
    return [
      { sort: 'store', name: store.name, domain: store.domain, path: step.path, because: `${step.id} reads from it` },
    ];
  });
  const service = facts.written.text([...step.path, 'switch', 'service']) ?? '';
  const pointer = facts.written.text([...step.path, 'switch', 'pointer']) ?? '';
  const domain = facts.written.text(['services', service, 'pointers', pointer, 'domain']);
  const { site } = step.step;
  if (site !== undefined)
    stores.push({ sort: 'site', name: site, domain: site, path: step.path, because: `its worker does ${step.id}` });
  if (domain === undefined) return stores;
  return [...stores, { sort: 'pointer', name: pointer, domain, path: step.path, because: `${step.id} turns it` }];
}

/** What is deployed is pulled from somewhere: a registry without a mirror must be left. */
function imagesOf(facts: Facts, { steps }: Procedure): Need[] {
  const deploys = steps.find(({ step, path }) => {
    const by = step.kind === 'provision' ? facts.written.text([...path, 'provision', 'by']) : undefined;
    return by !== undefined && deployers.has(by);
  });
  if (deploys === undefined) return [];
  return facts.written.entries('assets').flatMap(([name, written]): Need[] => {
    if (written['type'] !== 'images' || written['mirror'] !== undefined) return [];
    const domain = typeof written['domain'] === 'string' ? written['domain'] : undefined;
    return [{ sort: 'images', name, domain, path: deploys.path, because: `${deploys.id} deploys from them` }];
  });
}

const deployers = new Set(['helm', 'kubectl', 'kustomize']);

const madeBefore = (procedure: Procedure, position: number): boolean =>
  procedure.acts.some(
    ({ kind, what, step }) => kind === 'makes' && what.startsWith('cluster:') && step.position <= position,
  );

const sections: readonly (readonly [string, Need['sort']])[] = [
  ['documents', 'document'],
  ['clusters', 'cluster'],
  ['services', 'service'],
  ['stores', 'store'],
  ['keys', 'key'],
];

function named(facts: Facts, name: string, path: Path, because: string): Need | undefined {
  for (const [section, sort] of sections) {
    if (facts.written.has([section, name])) {
      return { sort, name, domain: facts.written.text([section, name, 'domain']), path, because };
    }
  }
  return undefined;
}

function ofTool(facts: Facts): Need[] {
  const found: Need[] = [];
  const domain = facts.written.text(['tool', 'domain']);
  if (domain !== undefined)
    found.push({
      sort: 'tool',
      name: 'this program',
      domain,
      path: ['tool', 'domain'],
      because: 'every recovery is led from there',
    });
  const signIn = facts.written.text(['tool', 'signIn', 'domain']);
  if (signIn !== undefined) {
    const name = facts.written.text(['tool', 'signIn', 'with']) ?? 'the sign-in';
    found.push({ sort: 'signIn', name, domain: signIn, path: ['tool', 'signIn'], because: 'people sign in with it' });
  }
  return found;
}
