import { actsOf, ownActs, type Procedure, type StepFact } from '../../facts/procedures.ts';
import { textsOf } from '../../facts/step-acts.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Path } from '../../../document.ts';
import type { Rule } from '../../rule.ts';
import { listed } from '../../words.ts';

export const onceOnly: Rule = {
  code: 'order.once_only',
  onePerPlace: true,
  severity: 'warning',
  title: 'A step fails when it is done twice',
  why: `A procedure that stopped half-way is resumed, and a standby region may hold a release already. A step such as \`helm install\` fails when its release
exists; \`helm upgrade --install\` does the same work as often as needed.`,
  bad: `steps:
  - { command: helm install shop ./chart -n shop, … }`,
  good: `steps:
  - { command: helm upgrade --install shop ./chart -n shop, … }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const cluster = actsOf(procedure, 'makes').find(({ what }) => what.startsWith('cluster:'));
      const told = procedure.steps.filter(({ written }) => written['idempotent'] === false);
      const installs = actsOf(procedure, 'installs').filter(
        ({ detail, step }) => detail === 'once' && step.written['idempotent'] !== true,
      );
      const inOld = installs.filter(({ step }) => cluster === undefined || step.position < cluster.step.position);
      for (const step of new Set([...told, ...inOld.map((act) => act.step)])) {
        const what = installs.find((act) => act.step === step)?.what.replace(':', ' ');
        yield {
          path: step.path,
          message: `${step.id} fails when it is done twice${what === undefined ? '' : `: the ${what} may be there already`}`,
          hint: 'Use a form that can be repeated (helm upgrade --install, kubectl apply, create … if not exists).',
        };
      }
    }
  },
};

export const twoSources: Rule = {
  code: 'order.two_sources',
  onePerPlace: true,
  severity: 'warning',
  title: 'One address is set in two places',
  why: `When one procedure sets DATABASE_URL and another DATABASE_HOST, nobody knows which of them the application reads, and a recovery turns the one that
does not count. An address has one source, and a switch turns that.`,
  bad: `services:
  shop:
    pointers:
      url: { secret: app-secrets, key: DATABASE_URL }
      host: { config: shop, key: DATABASE_HOST }`,
  good: `services:
  shop:
    pointers:
      database: { secret: app-secrets, key: DATABASE_URL }`,
  *find(facts) {
    const bySubject = new Map<string, Map<string, Path>>();
    for (const { name, path } of settingsOf(facts)) {
      const found = /^(\w+?)_(URL|URI|DSN|HOST|HOSTNAME|ADDRESS)$/.exec(name);
      if (found?.[1] === undefined) continue;
      const names = bySubject.get(found[1]) ?? new Map<string, Path>();
      if (!names.has(name)) names.set(name, path);
      bySubject.set(found[1], names);
    }
    for (const names of bySubject.values()) {
      const [, second] = [...names];
      if (second === undefined) continue;
      yield {
        path: second[1],
        message: `${listed([...names.keys()])} are both set, and name the same thing`,
        hint: 'Keep one of them, and let every procedure set that one.',
      };
    }
  },
};

function* settingsOf(facts: Facts): Iterable<{ name: string; path: Path }> {
  for (const [service, written] of facts.written.entries('services')) {
    const pointers = written['pointers'];
    if (typeof pointers !== 'object' || pointers === null) continue;
    for (const [pointer, value] of Object.entries(pointers)) {
      const key = typeof value === 'object' && value !== null ? (value.key ?? value.env) : undefined;
      if (typeof key === 'string') yield { name: key, path: ['services', service, 'pointers', pointer] };
    }
  }
  for (const procedure of facts.procedures.all) {
    for (const act of ownActs(procedure, 'sets'))
      yield { name: act.what.replace(/^setting:/, ''), path: act.step.path };
  }
}

export const wrongOverlay: Rule = {
  code: 'order.wrong_overlay',
  onePerPlace: true,
  severity: 'error',
  title: 'A recovery elsewhere is configured for the place that is lost',
  why: `The configuration of production names production's region, buckets, addresses and sizes. Applied in the place that people fled to, it points the
applications back at what is gone.`,
  bad: `environments: { production: { domain: west }, dr: { domain: east } }
scenarios:
  west_lost:
    loses: { domains: [west] }
    steps: [{ provision: { what: the applications, overlay: production } }]`,
  good: `environments: { production: { domain: west }, dr: { domain: east } }
scenarios:
  west_lost:
    loses: { domains: [west] }
    steps: [{ provision: { what: the applications, overlay: dr } }]`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      const told = new Set<unknown>();
      for (const act of ownActs(procedure, 'uses').filter(({ what }) => what === 'overlay')) {
        if (told.has(act.step)) continue;
        const name = act.detail === 'prod' ? 'production' : (act.detail ?? '');
        const environment = facts.plan.environments.get(name);
        const isLost = environment !== undefined && facts.domains.isLost(environment.domain, lost);
        const hint = 'Apply the configuration of the place that is recovered into.';
        // Whoever rebuilds production where it was wants its overlay.
        if (isLost && !rebuildsItself(facts, procedure)) {
          told.add(act.step);
          const message = `${act.step.id} applies the configuration of ${name}, whose domain ${String(environment.domain)} ${procedure.scenario.name} has lost`;
          yield { path: act.step.path, message, hint };
        } else if (name === 'production' && speaksOfAnotherPlace(procedure, act.step)) {
          told.add(act.step);
          const message = `${act.step.id} applies the configuration of ${name}, but ${procedure.scenario.name} recovers into the recovery site (dr)`;
          yield { path: act.step.path, message, hint };
        }
      }
    }
  },
};

/** The commands up to a step work on something that calls itself `dr`: a folder, a cluster, a context. */
const speaksOfAnotherPlace = ({ steps }: Procedure, until: StepFact): boolean =>
  steps
    .filter(({ position }) => position <= until.position)
    .some(
      ({ written }) => typeof written['command'] === 'string' && /[/_. =-]dr(?=[/_. \n-]|$)/.test(written['command']),
    );

/** Nothing of the procedure speaks of another environment that is left: the lost one is made again where it was. */
function rebuildsItself(facts: Facts, { scenario, steps }: Procedure): boolean {
  const left = [...facts.plan.environments.values()].filter(
    ({ ephemeral, domain }) =>
      !ephemeral && domain !== undefined && !facts.domains.isLost(domain, scenario.loses.domains),
  );
  return !left.some(({ name }) => {
    const cluster = facts.written.text(['environments', name, 'cluster']) ?? name;
    const pattern = new RegExp(`\\b(${escaped(name)}|${escaped(cluster)})\\b`);
    return steps.some(({ written }) => pattern.test(JSON.stringify(written)));
  });
}

const escaped = (text: string): string => text.replaceAll(/[^\w]/g, String.raw`\$&`);

export const mergeUndecided: Rule = {
  code: 'order.merge_undecided',
  onePerPlace: true,
  severity: 'error',
  title: 'Rows are put back into a table, and nothing says what happens to those that are there',
  why: `Data that is loaded into tables that still hold rows collides with them: the load fails at the first key that exists, or doubles what has none.
Decide before the day: fail, skip what is there, or replace it.`,
  bad: `steps:
  - { export: { asset: orders, tables: [users], dataOnly: true } }
  - { import: { asset: orders } }`,
  good: `steps:
  - { export: { asset: orders, tables: [users], dataOnly: true } }
  - { import: { asset: orders, conflict: skip } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const dataOnly = actsOf(procedure, 'dumps').filter(({ detail }) => detail === 'data-only');
      const told = new Set<unknown>();
      for (const act of ownActs(procedure, 'imports')) {
        const typed = act.detail === 'unresolved';
        const fromDump = dataOnly.some(
          ({ file, step }) =>
            step.position < act.step.position && (file === undefined || act.file === undefined || file === act.file),
        );
        const decided = textsOf((act.step.step.settings as { conflict?: unknown } | undefined)?.conflict).length > 0;
        if (
          decided ||
          told.has(act.step) ||
          !(typed || (fromDump && act.command !== undefined) || act.detail === 'data-only')
        )
          continue;
        told.add(act.step);
        yield {
          path: act.step.path,
          message: `${act.step.id} loads rows into ${act.what.replace(':', ' ')}, where rows are, and nothing says what happens when a key is there already`,
          hint: 'Say conflict: fail, skip or replace; or load into an empty table and merge with a statement that says it.',
        };
      }
    }
  },
};
