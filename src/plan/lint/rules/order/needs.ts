import { actsOf, ownActs, type PlacedAct, type Procedure } from '../../facts/procedures.ts';
import type { Found, Rule } from '../../rule.ts';

/** `namespace:shop` is met by `namespace:shop` and by `namespace:*`. */
const meets = (made: string, needed: string): boolean =>
  made === needed || (made.endsWith(':*') && made.split(':')[0] === needed.split(':')[0]);

const words = (what: string): string => what.replace(':*', '').replace(':', ' ');

const makersOf = ({ acts }: Procedure, needed: string): PlacedAct[] =>
  acts.filter(({ kind, what }) => (kind === 'makes' || kind === 'starts') && meets(what, needed));

const isBefore = (maker: PlacedAct, act: PlacedAct): boolean =>
  maker.step.position < act.step.position || maker.step === act.step;

/** Only what lives in a cluster: the rest may be there from before. */
const inCluster = /^(namespace|secret|config|release):/;

export const needsLater: Rule = {
  code: 'order.needs_later',
  onePerPlace: true,
  severity: 'error',
  title: 'A step needs what only a later step makes',
  why: `Steps run in their order. When the database is restored in step 3 and the server that holds it is deployed in step 5, step 3 fails,
at night, with people waiting. The same holds for secrets that are created after the workloads that read them.`,
  bad: `steps:
  - { restore: orders, takes: ["server:postgres"] }
  - { provision: { what: postgres in the cluster }, makes: ["server:postgres"] }`,
  good: `steps:
  - { provision: { what: postgres in the cluster }, makes: ["server:postgres"] }
  - { restore: orders, takes: ["server:postgres"] }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      yield* neededTooEarly(procedure);
      yield* restoredTooEarly(procedure);
      yield* secretsTooLate(procedure);
    }
  },
};

function* neededTooEarly(procedure: Procedure): Iterable<Found> {
  for (const act of ownActs(procedure, 'needs')) {
    const makers = makersOf(procedure, act.what);
    const [later] = makers;
    if (later === undefined || makers.some((maker) => isBefore(maker, act))) continue;
    // That a server runs is taken for granted unless the step says that it needs it; a stopped one is another rule's to find.
    if (act.what.startsWith('service:') && act.detail !== 'said') continue;
    // What is only started again was there before; that it was stopped is another rule's to say.
    if (later.step.step.kind === 'start') continue;
    yield {
      path: act.step.path,
      message: `${act.step.id} needs ${words(act.what)}, which is made later, by ${later.step.id}`,
      hint: `Move ${later.step.id} before ${act.step.id}.`,
    };
  }
}

/** A database is restored into a server that a manifest puts up only afterwards. */
function* restoredTooEarly(procedure: Procedure): Iterable<Found> {
  const servers = actsOf(procedure, 'makes').filter(
    ({ what, detail }) => what.startsWith('server:') && detail !== 'said',
  );
  for (const act of ownActs(procedure, 'restores', 'imports')) {
    const later = servers.find((server) => server.step.position > act.step.position);
    const own = act.step.step.siblings['into'] === 'new';
    if (later === undefined || own || servers.some((server) => isBefore(server, act))) continue;
    yield {
      path: act.step.path,
      message: `${act.step.id} restores a database, but its server is put up later, by ${later.step.id}${later.file === undefined ? '' : ` (${later.file})`}`,
      hint: `Move ${later.step.id} before ${act.step.id}.`,
    };
  }
}

function* secretsTooLate(procedure: Procedure): Iterable<Found> {
  const made = actsOf(procedure, 'makes').filter(({ what }) => what.startsWith('secret:'));
  const [first] = made;
  if (first === undefined) return;
  const started = actsOf(procedure, 'starts').find(({ step }) => step.position < first.step.position);
  const isNew = actsOf(procedure, 'makes').some(
    ({ what, step }) => what.startsWith('cluster:') && step.position <= (started?.step.position ?? 0),
  );
  if (started === undefined || !isNew) return;
  yield {
    path: started.step.path,
    message: `${started.step.id} starts workloads in a new cluster, but the secrets that they read are made later, by ${first.step.id}`,
    hint: `Move ${first.step.id} before ${started.step.id}.`,
  };
}

export const needsMissing: Rule = {
  code: 'order.needs_missing',
  onePerPlace: true,
  severity: 'error',
  title: 'A step in a new cluster needs what nothing makes',
  why: `A new cluster is empty: no namespace, no secret, no configuration of the old one is there. A step that works in a namespace fails there
until something creates it, although the same step works every day in the old cluster.`,
  bad: `steps:
  - { provision: { what: the cluster, by: eksctl } }
  - { provision: { what: the application, by: helm, release: shop, namespace: shop } }`,
  good: `steps:
  - { provision: { what: the cluster, by: eksctl } }
  - { provision: { what: the namespace, by: kubectl }, makes: ["namespace:shop"] }
  - { provision: { what: the application, by: helm, release: shop, namespace: shop } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const cluster = actsOf(procedure, 'makes').find(({ what }) => what.startsWith('cluster:'));
      if (cluster === undefined) continue;
      const told = new Set<string>();
      for (const act of ownActs(procedure, 'needs')) {
        if (!inCluster.test(act.what) || act.step.position < cluster.step.position) continue;
        if (told.has(act.what) || makersOf(procedure, act.what).length > 0) continue;
        told.add(act.what);
        yield {
          path: act.step.path,
          message: `${act.step.id} needs the ${words(act.what)} in the new cluster of ${cluster.step.id}, and no step makes it`,
          hint: `Add a step before ${act.step.id} with makes: ["${act.what}"].`,
        };
      }
    }
  },
};

export const needsStopped: Rule = {
  code: 'order.needs_stopped',
  onePerPlace: true,
  severity: 'error',
  title: 'A step needs a service that an earlier step has stopped',
  why: `A logical restore (pg_restore, psql) talks to a running server. When the procedure has stopped the server to copy its folder, and starts it
only after the restore, the restore cannot connect.`,
  bad: `steps:
  - { command: systemctl stop postgresql, … }
  - { command: pg_restore -d orders dump.custom, … }
  - { command: systemctl start postgresql, … }`,
  good: `steps:
  - { command: systemctl stop postgresql, … }
  - { command: systemctl start postgresql, … }
  - { command: pg_restore -d orders dump.custom, … }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      for (const act of ownActs(procedure, 'needs').filter(({ what }) => what.startsWith('service:'))) {
        const earlier = actsOf(procedure, 'stops', 'starts').filter(
          ({ what, step }) => step.position < act.step.position && sameService(what, act.what),
        );
        const last = earlier.at(-1);
        if (last?.kind !== 'stops') continue;
        yield {
          path: act.step.path,
          message: `${act.step.id} needs the ${words(act.what)} to run, but ${last.step.id} has stopped it`,
          hint: `Start it again before ${act.step.id}.`,
        };
      }
    }
  },
};

/** `postgresql@17-main` and `postgresql` are one server to a person. */
const sameService = (a: string, b: string): boolean => a === b || a.split('@')[0] === b.split('@')[0];
