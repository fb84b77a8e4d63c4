import { actsOf, ownActs, type PlacedAct, type Procedure } from '../../facts/procedures.ts';
import { isMapping } from '../../../inspection.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Found, Rule } from '../../rule.ts';

const changing = ['restores', 'imports', 'promotes', 'makes', 'starts', 'installs', 'switches'] as const;
const dataOnly = ['restores', 'imports', 'promotes'] as const;

export const switchFirst: Rule = {
  code: 'order.switch_first',
  onePerPlace: true,
  severity: 'error',
  title: 'Traffic is switched before what it should reach is there, or has been checked',
  why: `A switch (DNS, a pointer, a proxy) sends people somewhere. Before the application is deployed they reach nothing; before it was checked
they may reach something worse than nothing, and write into it. Resolvers keep the new address for its whole TTL.`,
  bad: `steps:
  - { restore: orders }
  - { switch: { service: shop, pointer: dns, value: dr.shop.example } }
  - { provision: { what: the applications, by: kubectl } }`,
  good: `steps:
  - { restore: orders }
  - { provision: { what: the applications, by: kubectl } }
  - { check: { service: shop } }
  - { switch: { service: shop, pointer: dns, value: dr.shop.example } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      for (const act of ownActs(procedure, 'switches')) yield* judge(procedure, act, movesTraffic(facts, act));
    }
  },
};

/** DNS and proxies move people; a secret or a setting is read when the application starts, and may be turned before that. */
function movesTraffic(facts: Facts, { what, detail, command }: PlacedAct): boolean {
  if (command !== undefined) return true;
  const pointer = facts.written.at(['services', what.replace('service:', ''), 'pointers', detail ?? '']);
  return isMapping(pointer) && (pointer['dns'] !== undefined || pointer['proxy'] !== undefined);
}

function* judge(procedure: Procedure, act: PlacedAct, traffic: boolean): Iterable<Found> {
  const later = actsOf(procedure, 'starts', 'installs').filter(({ step }) => step.position > act.step.position);
  const earlier = actsOf(procedure, 'starts', 'installs').filter(({ step }) => step.position < act.step.position);
  const moves = actsOf(procedure, 'makes').some(
    ({ what, step }) => what.startsWith('cluster:') && step.position < act.step.position,
  );
  const [first] = later;
  if (traffic && moves && first !== undefined && earlier.length === 0) {
    yield {
      path: act.step.path,
      message: `${act.step.id} sends traffic to a place where nothing runs yet: ${first.step.id} starts it later`,
      hint: `Move ${act.step.id} behind ${first.step.id} and a check of the service.`,
    };
    return;
  }
  const kinds = traffic ? changing : dataOnly;
  const before = actsOf(procedure, ...kinds)
    .filter(({ step }) => step.position < act.step.position)
    .at(-1);
  if (before === undefined) return;
  const checked = actsOf(procedure, 'checks').some(
    ({ step }) => step.position < act.step.position && step.position >= firstChange(procedure),
  );
  if (checked) return;
  yield {
    path: act.step.path,
    message: `${act.step.id} switches to what no step has checked: between ${before.step.id} and the switch nothing looks at it`,
    hint: 'Put a check of the restored asset or of the service before the switch.',
  };
}

const firstChange = (procedure: Procedure): number =>
  Math.min(...actsOf(procedure, 'restores', 'imports', 'promotes', 'makes').map(({ step }) => step.position), Infinity);

export const noFinalCheck: Rule = {
  code: 'order.no_final_check',
  onePerPlace: true,
  severity: 'warning',
  title: 'Nothing checks the service after the last change',
  why: `"Recovered" is what a check from outside says, never that the last command ended. Without one at the end, a procedure reports success while people
see an error page, and the measured RTO means nothing.`,
  bad: `steps:
  - { promote: orders }
  - { switch: { service: shop, pointer: dns, value: dr.shop.example } }`,
  good: `steps:
  - { promote: orders }
  - { check: { asset: orders } }
  - { switch: { service: shop, pointer: dns, value: dr.shop.example } }
  - { check: { service: shop } }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const last = actsOf(procedure, 'switches', 'starts', 'installs', 'imports', 'restores', 'promotes').at(-1);
      if (last === undefined) continue;
      const checked = actsOf(procedure, 'checks').some(({ step }) => step.position >= last.step.position);
      if (checked) continue;
      yield {
        path: last.step.path,
        message: `${last.step.id} is the last change of ${procedure.scenario.name}, and no step checks anything after it`,
        hint: 'End with a check of the service, from where its users are.',
      };
    }
  },
};

export const promoteWithoutFence: Rule = {
  code: 'order.promote_without_fence',
  onePerPlace: true,
  severity: 'error',
  title: 'A standby is promoted while the old primary may still take writes',
  why: `A primary that cannot be reached is not a primary that is down. When it comes back, or was only cut off from us, both sides take writes, and one
side's are lost or merged by hand for a day. The old primary is fenced first: stopped, its credentials revoked, or its storage taken away.`,
  bad: `steps:
  - { promote: orders }`,
  good: `steps:
  - { fence: { asset: orders, how: revoke } }
  - { promote: orders }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      for (const act of ownActs(procedure, 'promotes')) {
        const fenced = actsOf(procedure, 'fences', 'stops').some(({ step }) => step.position < act.step.position);
        if (fenced) continue;
        yield {
          path: act.step.path,
          message: `${act.step.id} promotes ${act.what.replace(/^\w+:/, '')}, and no step before it fences the old primary`,
          hint: 'Put a fence before it: stop the old primary, revoke its credentials, or take its storage away.',
        };
      }
    }
  },
};

export const destroyWithoutFreeze: Rule = {
  code: 'order.destroy_without_freeze',
  onePerPlace: true,
  severity: 'error',
  title: 'A destructive step runs while others still write',
  why: `A database that is renamed, dropped or loaded into while the application is connected either refuses (a rename fails while connections exist) or
loses what was written meanwhile. Stop the writers first, and check that they are gone.`,
  bad: `steps:
  - { command: 'psql -c "ALTER DATABASE shop RENAME TO shop_old"', destructive: true, … }`,
  good: `steps:
  - { fence: shop }
  - { command: 'psql -c "ALTER DATABASE shop RENAME TO shop_old"', destructive: true, … }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      for (const step of new Set(ownActs(procedure, 'destroys').map((act) => act.step))) {
        const own = actsOf(procedure, 'destroys').filter((one) => one.step === step);
        const act = own.find(({ detail }) => detail !== undefined) ?? own[0];
        const frozen = actsOf(procedure, 'stops', 'fences').some(
          ({ step: earlier }) => earlier.position < step.position,
        );
        const made = actsOf(procedure, 'makes').some(
          (one) => one.what === act?.what && one.step.position < step.position,
        );
        if (act === undefined || frozen || made) continue;
        yield {
          path: step.path,
          message: `${step.id} ${destruction(act)}, and no step before it stops the writers`,
          hint: 'Put a fence of the service before it.',
        };
      }
    }
  },
};

function destruction({ what, detail }: PlacedAct): string {
  if (what === 'anything') return 'is destructive';
  return `destroys ${what.replace(':', ' ')}${detail === undefined ? '' : ` (${detail})`}`;
}
