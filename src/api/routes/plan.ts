import { isoTime } from '../../core/index.ts';
import { flatSteps } from '../../procedures/index.ts';
import { keyList, plan, storeList, type Key, type Plan } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { problemOf } from '../failures.ts';

/** The plan, and what it names: stores and keys. */
export function planRoutes(desk: Desk): void {
  const { host, views } = desk;
  define(
    desk,
    {
      method: 'get',
      path: '/plan',
      needs: 'viewer',
      about: 'The plan with everything that is wrong with it',
      answer: plan,
      revision: async () => `${(await views.plan.get()).revision} ${host.plan().hash} ${host.refused()?.message ?? ''}`,
    },
    async () => {
      const { findings, files } = (await views.plan.get()).value;
      const refused = host.refused();
      return {
        ...declaredOf(desk),
        files: [...files],
        findings: findings.map(({ code, severity, path, file, line, column, message, hint }) => ({
          code,
          severity,
          path: path ?? null,
          file: file.startsWith(`${host.plan().folder}/`) ? file.slice(host.plan().folder.length + 1) : file,
          line,
          column,
          message,
          hint: hint ?? null,
        })),
        refused: refused === undefined ? null : problemOf(refused),
      };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/stores',
      needs: 'viewer',
      about: 'Where copies live',
      answer: storeList,
      revision: async () => (await views.points.get()).revision,
    },
    async () => {
      const { value, atMs, renewing } = await views.points.get();
      return { at: isoTime(atMs), renewing, stores: [...value.stores] };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/keys',
      needs: 'viewer',
      about: 'Who can open the copies; never a secret',
      answer: keyList,
    },
    async () => {
      const { keys } = (await views.readiness.get()).value;
      const tested = new Map(keys.map((key) => [key.key, key]));
      return {
        keys: [...host.plan().keys.values()].map((key): Key => {
          const { name, domain, passphrase, identity, recipients, shares } = key;
          return {
            key: name,
            domain: domain ?? null,
            kinds: [
              ...(passphrase === undefined ? [] : (['passphrase'] as const)),
              ...(identity === undefined ? [] : (['identity'] as const)),
              ...(recipients.length === 0 ? [] : (['recipient'] as const)),
            ],
            recipients: [...recipients],
            shares:
              shares === undefined
                ? null
                : { of: shares.of, needed: shares.needed, holders: [...(shares.holders ?? [])] },
            testedAt: tested.get(name)?.testedAt ?? null,
            escrowed: tested.get(name)?.escrowed ?? null,
          };
        }),
      };
    },
  );
}

function declaredOf({ host }: Desk): Omit<Plan, 'files' | 'findings' | 'refused'> {
  const { name, hash, owner, timezone, review, scenarios, environments, drills, contacts, objectives } = host.plan();
  return {
    name,
    hash,
    owner: owner ?? null,
    timezone,
    reviewed: review.last ?? null,
    scenarios: [...scenarios.values()].map((scenario) => ({
      scenario: scenario.name,
      trigger: scenario.trigger ?? null,
      severity: scenario.severity ?? null,
      rtoSeconds: seconds(scenario.objectives.rtoMs ?? objectives.rtoMs),
      rpoSeconds: seconds(scenario.objectives.rpoMs ?? objectives.rpoMs),
      steps: flatSteps(scenario).length,
      parameters: [...(scenario.parameters ?? [])].map(([parameter, { about, default: given }]) => ({
        name: parameter,
        about: about ?? null,
        required: given === undefined,
      })),
      destructive: flatSteps(scenario).flatMap(({ id, destructive }) => (destructive === true ? [id] : [])),
    })),
    environments: [...environments.values()].map((one) => ({
      environment: one.name,
      protected: one.protected,
      ephemeral: one.ephemeral,
    })),
    drills: [...drills.keys()],
    contacts: [...contacts].map(([contact, { role }]) => ({ contact, role: role ?? null })),
  };
}

const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);
