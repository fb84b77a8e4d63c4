import type { Facts } from '../../facts/facts.ts';
import type { Procedure } from '../../facts/procedures.ts';
import { needsOf, type Need } from '../../facts/recovery-needs.ts';
import type { Path } from '../../../document.ts';
import type { Found, Rule } from '../../rule.ts';
import { listed } from '../../words.ts';

export const pointsLost: Rule = {
  code: 'domains.points_lost',
  severity: 'error',
  title: 'A scenario loses every copy of what it has to bring back',
  why: `The scenario takes a domain away, and every store that holds points of the asset stands in it. There is nothing to restore from, whatever the steps say.`,
  bad: `scenarios: { cloud_lost: { loses: { domains: [cloud] }, steps: [{ restore: orders }] } }
stores: { far: { domain: cloud } }`,
  good: `scenarios: { cloud_lost: { loses: { domains: [cloud] }, steps: [{ restore: orders }] } }
stores: { far: { domain: cloud }, other: { domain: office } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      const gone = broughtBack(facts, procedure).filter((asset) => {
        const stores = facts.freshness.of(asset);
        return stores.length > 0 && stores.every(({ store }) => facts.domains.storeIsLost(store, lost));
      });
      if (lost.length === 0 || gone.length === 0) continue;
      yield {
        path: losesPath(facts, procedure),
        message: `${procedure.scenario.name} loses ${listed(lost)}, and with it every copy of ${listed(gone)}`,
        hint: 'Copy points to a store outside.',
      };
    }
  },
};

const broughtBack = (facts: Facts, { scenario, acts }: Procedure): string[] => [
  ...new Set([
    ...facts.domains.assetsLostBy(scenario),
    ...acts.flatMap(({ kind, what }) => (kind === 'restores' ? [what.replace(/^\w+:/, '')] : [])),
  ]),
];

const losesPath = (facts: Facts, { path }: Procedure): Path => facts.written.nearest(...path, 'loses', 'domains');

export const keyLost: Rule = {
  code: 'domains.key_lost',
  severity: 'error',
  title: 'A scenario loses every key',
  why: `Points are sealed. In this scenario every key, or what keeps it (a key service, a vault), stands in what is lost: the copies are there and stay shut.`,
  bad: `keys: { main: { …, domain: cloud } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  good: `keys: { main: { …, domain: office } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  *find(facts) {
    const keys = [...facts.plan.keys.values()];
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      if (keys.length === 0 || !keys.every(({ domain }) => facts.domains.isLost(domain, lost))) continue;
      yield {
        path: losesPath(facts, procedure),
        message: `${procedure.scenario.name} loses ${listed(lost)}, and every key with it (${listed(keys.map(({ name }) => name))})`,
        hint: 'Keep a key outside, or split it among people.',
      };
    }
  },
};

export const secretsLost: Rule = {
  code: 'domains.secrets_lost',
  severity: 'error',
  title: 'What was left out of the backups is lost with the domain that keeps it',
  why: `"Secrets are not backed up, the cloud keeps them": true until the scenario is that the cloud account is gone. What an exclusion counts on must survive
the scenarios of the plan.`,
  bad: `assets: { secrets: { excluded: the cloud keeps them, domain: cloud } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  good: `assets: { secrets: { type: secrets, domain: cloud, policy: sealed_weekly } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      const gone = [...facts.plan.excluded.keys()].filter((name) =>
        facts.domains.isLost(facts.written.text(['assets', name, 'domain']), lost),
      );
      if (gone.length === 0) continue;
      const reasons = gone.map(
        (name) => `${name} (left out: ${facts.written.text(['assets', name, 'excluded']) ?? ''})`,
      );
      yield {
        path: losesPath(facts, procedure),
        message: `${procedure.scenario.name} loses ${listed(lost)}, and with it ${listed(reasons)}`,
        hint: 'Protect it after all, or name who keeps a copy outside.',
      };
    }
  },
};

const sentences: Record<Need['sort'], (name: string) => string> = {
  document: (name) => `the document ${name}`,
  cluster: (name) => `the cluster ${name}`,
  secrets: (name) => `the secrets ${name}`,
  images: (name) => `the images ${name}`,
  signIn: (name) => `the sign-in (${name})`,
  tool: (name) => name,
  pointer: (name) => `the pointer ${name}`,
  key: (name) => `the key ${name}`,
  store: (name) => `the store ${name}`,
  service: (name) => `the service ${name}`,
  site: (name) => `the site ${name}`,
  host: (name) => `the host ${name}`,
};

const hints: Partial<Record<Need['sort'], string>> = {
  tool: 'Run it outside, or keep its binary, the plan and a key where the scenario does not reach.',
  site: 'Let a site do it that the scenario does not reach.',
};

export const needLost: Rule = {
  code: 'domains.need_lost',
  severity: 'error',
  title: 'A recovery needs something that the scenario has lost',
  why: `In 2021 the doors, the chat and the tools of a network stood behind the network that was down. What a procedure uses (scripts, clusters, stores, this program,
its sign-in, a registry, DNS) must not stand in what the scenario takes away.`,
  bad: `documents: { restore_script: { path: ops/restore.sh, domain: cloud } }
scenarios:
  cloud_lost: { loses: { domains: [cloud] }, steps: [{ exec: [ops/restore.sh], uses: [restore_script] }] }`,
  good: `documents: { restore_script: { path: ops/restore.sh, domain: office } }
scenarios:
  cloud_lost: { loses: { domains: [cloud] }, steps: [{ exec: [ops/restore.sh], uses: [restore_script] }] }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      if (lost.length === 0) continue;
      for (const need of needsOf(facts, procedure).filter(({ domain }) => facts.domains.isLost(domain, lost))) {
        const ofPlan = need.sort === 'tool' || need.sort === 'signIn';
        yield {
          path: ofPlan ? losesPath(facts, procedure) : need.path,
          message: `${procedure.scenario.name} loses ${listed(lost)}, and with it ${sentences[need.sort](need.name)}; ${need.because}`,
          hint: hints[need.sort] ?? 'Keep a copy outside, or recover without it.',
        };
      }
    }
  },
};

export const groundLost: Rule = {
  code: 'domains.ground_lost',
  severity: 'error',
  title: 'A scenario loses the place that it recovers into, and makes no other',
  why: `Every standing environment is in what is lost, and no step provisions a new one: the steps have nowhere to run.`,
  bad: `environments: { production: { domain: west } }
scenarios: { west_lost: { loses: { domains: [west] }, steps: [{ restore: orders }] } }`,
  good: `environments: { production: { domain: west }, dr: { domain: east } }
scenarios: { west_lost: { loses: { domains: [west] }, steps: [{ restore: orders }] } }`,
  *find(facts) {
    const standing = [...facts.plan.environments.values()].filter(({ ephemeral }) => !ephemeral);
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      const all = standing.length > 0 && standing.every(({ domain }) => facts.domains.isLost(domain, lost));
      const makes =
        procedure.steps.some(({ step }) => step.kind === 'provision') ||
        procedure.acts.some(({ kind, what }) => kind === 'makes' && what.startsWith('cluster:'));
      if (!all || makes) continue;
      yield {
        path: losesPath(facts, procedure),
        message: `${procedure.scenario.name} loses ${listed(lost)}, where every environment stands (${listed(standing.map(({ name }) => name))}), and no step makes another`,
        hint: 'Add an environment elsewhere, or a provision step.',
      };
    }
  },
};

export const voiceLost: Rule = {
  code: 'domains.voice_lost',
  severity: 'warning',
  title: 'Nobody can be told: the channels or the status page are lost too',
  why: `In 2017 a provider could not turn its own status page red, because the page's icons stood in the service that was down. Channels and the status page stand
where the scenarios do not reach.`,
  bad: `incidents: { statusPage: { url: https://status.shop.example, domain: cloud } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  good: `incidents: { statusPage: { url: https://status.shop.example, domain: elsewhere } }
scenarios: { cloud_lost: { loses: { domains: [cloud] } } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const lost = procedure.scenario.loses.domains;
      if (lost.length === 0) continue;
      if (facts.domains.isLost(facts.written.text(['incidents', 'statusPage', 'domain']), lost)) {
        yield {
          path: losesPath(facts, procedure),
          message: `${procedure.scenario.name} loses ${listed(lost)}, and the status page with it`,
          hint: 'Publish the status page somewhere else.',
        };
      }
      const silent = facts.written
        .entries('channels')
        .filter(([name]) => unreachable(facts, name, lost, new Set()))
        .map(([name]) => name);
      if (silent.length > 0) {
        yield {
          path: losesPath(facts, procedure),
          message: `${procedure.scenario.name} loses ${listed(lost)}, and with it the channels ${listed(silent)}, which name no other that is left`,
          hint: 'Give each channel an else: that stands elsewhere.',
        };
      }
    }
  },
};

/** Neither a channel nor any that it falls back to is left. */
function unreachable(facts: Facts, channel: string, lost: readonly string[], seen: Set<string>): boolean {
  if (seen.has(channel)) return true;
  seen.add(channel);
  if (!facts.domains.isLost(facts.written.text(['channels', channel, 'domain']), lost)) return false;
  const next = facts.written.text(['channels', channel, 'else']);
  return next === undefined || unreachable(facts, next, lost, seen);
}

export const personalPlace: Rule = {
  code: 'domains.personal_place',
  severity: 'error',
  title: "What a recovery needs lies on one person's machine",
  why: `A path below somebody's home folder exists on one laptop. It is closed, lost, or with its owner on holiday when the script is needed.`,
  bad: `documents: { restore_script: { path: ~/ops/restore.sh } }`,
  good: `documents: { restore_script: { path: ops/restore.sh, host: git.shop.example } }`,
  *find(facts) {
    for (const [name] of facts.written.entries('documents')) {
      const paths = facts.written.texts(['documents', name, 'path']).filter((path) => personal.test(path));
      const [first] = paths;
      if (first === undefined) continue;
      yield {
        path: ['documents', name, 'path'],
        message: `${name} lies in a person's home folder (${listed(paths)}): only that machine has it`,
        hint: 'Keep it in a repository that several people and the recovery site can reach.',
      };
    }
    for (const { steps } of facts.procedures.all) yield* inSteps(steps);
  },
};

const personal = /^(~\/|\/home\/[^/]+\/|\/Users\/[^/]+\/|\/root\/|[A-Za-z]:\\Users\\)/;

function* inSteps(steps: Procedure['steps']): Iterable<Found> {
  for (const step of steps) {
    const used = step.acts.find(({ kind, file }) => kind === 'uses' && file !== undefined && personal.test(file));
    if (used?.file === undefined) continue;
    yield {
      path: step.path,
      message: `${step.id} runs ${used.file}, which lies in a person's home folder`,
      hint: 'Keep it in a repository that several people and the recovery site can reach.',
    };
  }
}
