import type { Path } from '../document.ts';
import { isMapping, type Inspection } from '../inspection.ts';
import { valueAt } from '../schema/issues.ts';

/** Every name that one part of the plan uses is declared by another. */
export function checkReferences(inspection: Inspection, domains: readonly string[]): void {
  checkDomains(inspection, domains);
  checkProtection(inspection);
  checkServices(inspection);
  checkScenarios(inspection);
  checkDrills(inspection);
  checkPeople(inspection);
}

function checkDomains(inspection: Inspection, domains: readonly string[]): void {
  // Without a tree of domains each name that is used is a domain of its own.
  if (inspection.root['domains'] === undefined) return;
  for (const section of ['keys', 'stores', 'assets', 'environments']) {
    each(inspection, section, ['domain'], (name, path) => inspection.reference(name, domains, 'domain', path));
  }
  each(inspection, 'scenarios', ['loses', 'domains'], (list, path) =>
    every(list, path, (name, at) => inspection.reference(name, domains, 'domain', at)),
  );
}

function checkProtection(inspection: Inspection): void {
  const stores = inspection.names('stores');
  const isStore = (name: unknown, path: Path): void => inspection.reference(name, stores, 'store', path);
  each(inspection, 'assets', ['policy'], (name, path) =>
    inspection.reference(name, inspection.names('policies'), 'policy', path),
  );
  for (const place of [['to'], ['copy', 'to'], ['stream', 'to']]) {
    each(inspection, 'policies', place, (list, path) => every(list, path, isStore));
  }
}

function checkServices(inspection: Inspection): void {
  const services = inspection.names('services');
  const needed = [...inspection.names('assets'), ...services];
  each(inspection, 'services', ['needs'], (list, path) =>
    every(list, path, (name, at) => inspection.reference(name, needed, 'asset or service', at)),
  );
  const circle = circleAmong(inspection, services);
  if (circle !== undefined) {
    const hint = 'Services that start together are one service, or one of them works without the other.';
    const message = `services need each other in a circle: ${circle.join(' → ')}`;
    inspection.error('plan.circular_reference', ['services', circle[0] ?? '', 'needs'], message, hint);
  }
  each(inspection, 'environments', ['services'], (mapping, path) => {
    if (isMapping(mapping))
      for (const name of Object.keys(mapping)) inspection.reference(name, services, 'service', [...path, name]);
  });
}

/** The first circle of needs, from a service back to itself. Each service is walked through once. */
function circleAmong(inspection: Inspection, services: readonly string[]): string[] | undefined {
  const done = new Set<string>();
  const walk = (service: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(service)) return [...way.slice(way.indexOf(service)), service];
    if (done.has(service)) return undefined;
    const needs = valueAt(inspection.root, ['services', service, 'needs']);
    for (const need of Array.isArray(needs) ? needs : []) {
      const circle = typeof need === 'string' ? walk(need, [...way, service]) : undefined;
      if (circle !== undefined) return circle;
    }
    done.add(service);
    return undefined;
  };
  for (const service of services) {
    const circle = walk(service, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** What a step names, by its kind: the place of a name below the step, and what it is the name of. */
const stepReferences: readonly (readonly [Path, Section])[] = [
  [['restore'], 'assets'],
  [['restore', 'asset'], 'assets'],
  [['restore', 'store'], 'stores'],
  [['backup'], 'assets'],
  [['backup', 'asset'], 'assets'],
  [['check', 'asset'], 'assets'],
  [['check', 'service'], 'services'],
  [['fence'], 'services'],
  [['fence', 'service'], 'services'],
  [['switch', 'service'], 'services'],
  [['ramp', 'service'], 'services'],
  [['promote'], 'assets'],
  [['promote', 'asset'], 'assets'],
  [['policy', 'asset'], 'assets'],
  [['policy', 'use'], 'policies'],
  [['replicate', 'from'], 'stores'],
  [['replicate', 'to'], 'stores'],
  [['replicate', 'asset'], 'assets'],
  [['call'], 'scenarios'],
  [['call', 'scenario'], 'scenarios'],
  [['notify', 'channel'], 'channels'],
  [['notify', 'template'], 'templates'],
  [['approve', 'by'], 'roles'],
  [['choose', 'by'], 'roles'],
  [['manual', 'by'], 'roles'],
];

type Section = 'assets' | 'services' | 'stores' | 'policies' | 'scenarios' | 'channels' | 'templates' | 'roles';

const words: Record<Section, string> = {
  assets: 'asset',
  services: 'service',
  stores: 'store',
  policies: 'policy',
  scenarios: 'scenario',
  channels: 'channel',
  templates: 'template',
  roles: 'role among the contacts',
};

function checkScenarios(inspection: Inspection): void {
  each(inspection, 'scenarios', ['loses', 'assets'], (list, path) =>
    every(list, path, (name, at) => inspection.reference(name, inspection.names('assets'), 'asset', at)),
  );
  each(inspection, 'scenarios', ['severity'], (name, path) =>
    inspection.reference(name, inspection.names('severities'), 'severity', path),
  );
  each(inspection, 'scenarios', ['steps'], (steps, path) =>
    every(steps, path, (step, at) => checkStep(inspection, step, at)),
  );
}

function checkStep(inspection: Inspection, step: unknown, path: Path): void {
  for (const [place, section] of stepReferences) {
    const value = valueAt(step, place);
    const names = known(inspection, section);
    if (typeof value === 'string') inspection.reference(value, names, words[section], [...path, ...place]);
    else every(value, [...path, ...place], (name, at) => inspection.reference(name, names, words[section], at));
  }
  const pointer = valueAt(step, ['switch', 'pointer']);
  const service = valueAt(step, ['switch', 'service']);
  if (pointer !== undefined && typeof service === 'string' && inspection.names('services').includes(service)) {
    const pointers = valueAt(inspection.root, ['services', service, 'pointers']);
    inspection.reference(pointer, isMapping(pointers) ? Object.keys(pointers) : [], `pointer of ${service}`, [
      ...path,
      'switch',
      'pointer',
    ]);
  }
  for (const place of [['parallel'], ['parallel', 'steps']]) {
    every(valueAt(step, place), [...path, ...place], (inner, at) => checkStep(inspection, inner, at));
  }
}

function checkDrills(inspection: Inspection): void {
  const environments = [...inspection.names('environments'), 'bubble'];
  each(inspection, 'drills', ['scenario'], (name, path) =>
    inspection.reference(name, inspection.names('scenarios'), 'scenario', path),
  );
  each(inspection, 'drills', ['restore'], (name, path) =>
    inspection.reference(name, [...restorable(inspection), 'random'], 'asset', path),
  );
  each(inspection, 'drills', ['in'], (name, path) => {
    inspection.reference(name, environments, 'environment', path);
    if (typeof name !== 'string' || valueAt(inspection.root, ['environments', name]) === undefined) return;
    if (
      valueAt(inspection.root, ['environments', name, 'ephemeral']) === true &&
      valueAt(inspection.root, ['environments', name, 'protected']) !== true
    )
      return;
    const hint = 'Name an environment with ephemeral: true, or leave `in` out: then it is a bubble.';
    inspection.error(
      'plan.unsafe_drill',
      path,
      `a drill acts in a bubble; ${name} is an environment that stays`,
      hint,
      'value',
    );
  });
}

const restorable = (inspection: Inspection): string[] =>
  inspection.names('assets').filter((name) => valueAt(inspection.root, ['assets', name, 'excluded']) === undefined);

function checkPeople(inspection: Inspection): void {
  const channels = known(inspection, 'channels');
  const contacts = inspection.names('contacts');
  each(inspection, 'contacts', ['backup'], (name, path) => inspection.reference(name, contacts, 'contact', path));
  each(inspection, 'channels', ['else'], (name, path) => inspection.reference(name, channels, 'channel', path));
  each(inspection, 'channels', ['to'], (list, path) =>
    every(list, path, (name, at) => inspection.reference(name, contacts, 'contact', at)),
  );
  each(inspection, 'severities', ['notify'], (list, path) =>
    every(list, path, (name, at) => inspection.reference(name, channels, 'channel', at)),
  );
  each(inspection, 'severities', ['escalate'], (list, path) =>
    every(list, path, (rung, at) =>
      inspection.reference(valueAt(rung, ['role']), known(inspection, 'roles'), words.roles, [...at, 'role']),
    ),
  );
}

function known(inspection: Inspection, section: Section): string[] {
  if (section === 'assets') return restorable(inspection);
  if (section === 'channels') return [...inspection.names('channels'), 'console'];
  if (section !== 'roles') return inspection.names(section);
  const roles = inspection.names('contacts').map((name) => valueAt(inspection.root, ['contacts', name, 'role']));
  return [...new Set(roles.filter((role) => typeof role === 'string'))];
}

/** What stands at a place of each declaration of a section, where it stands. */
function each(inspection: Inspection, section: string, place: Path, look: (value: unknown, path: Path) => void): void {
  for (const name of inspection.names(section)) {
    const path = [section, name, ...place];
    const value = valueAt(inspection.root, path);
    if (value !== undefined) look(value, path);
  }
}

function every(list: unknown, path: Path, look: (value: unknown, path: Path) => void): void {
  if (Array.isArray(list)) for (const [index, value] of list.entries()) look(value, [...path, index]);
}
