import { limits } from '../core/index.ts';
import { copiesOf, copyPairs, holdersOf, storesOf } from '../operations/index.ts';
import { parseCalendar, type Calendar, type Plan, type Policy } from '../plan/index.ts';
import type { Task } from './task.ts';

/** Whether Lifeboat itself takes points of an asset, others do, or nothing can protect it yet. */
export type Keeper = 'us' | 'others' | 'nobody';

/**
 * All that a plan wants done on a calendar: points, copies, readings back, retention with prune, drills. Pure. Streams have no turns and are
 * not among them.
 */
export function tasksOf(plan: Plan, keeperOf: (asset: string) => Keeper): Task[] {
  return [
    ...backups(plan, keeperOf),
    ...copies(plan, keeperOf),
    ...verifications(plan, keeperOf),
    ...prunes(plan, keeperOf),
    ...drills(plan),
  ];
}

/** Retention has no calendar in the plan: what it lets go was to go the day before. */
const pruneCalendar = '1d at 04:30';

const ours = (plan: Plan, keeperOf: (asset: string) => Keeper): string[] =>
  [...plan.assets.keys()].filter((asset) => keeperOf(asset) === 'us');

function backups(plan: Plan, keeperOf: (asset: string) => Keeper): Task[] {
  return ours(plan, keeperOf).flatMap((asset): Task[] => {
    const { every: calendars = [], streams } = policyOf(plan, asset) ?? {};
    if (calendars.length === 0) return [];
    const stores = storesOf(plan, asset);
    const wakes = copiesOf(plan, asset).map((to) => copyId(stores[0] ?? '', to));
    const work = { kind: 'backup', asset, stores } as const;
    // A stream takes the first point itself.
    return [{ id: `backup ${asset}`, work, calendars, atOnce: streams === undefined, spread: true, wakes }];
  });
}

/** Asked for by each backup; the calendar is for points that came by other ways, and for what a store that was away has missed. */
function copies(plan: Plan, keeperOf: (asset: string) => Keeper): Task[] {
  return copyPairs(plan)
    .filter(({ assets }) => assets.some((asset) => keeperOf(asset) === 'us'))
    .map(({ from, to, withinMs }) => {
      const asked = withinMs === undefined ? limits.copyEveryMs : withinMs / 2;
      const everyMs = Math.min(limits.copyEveryMs, Math.max(limits.copyEveryMsMin, asked));
      const calendars = [parseCalendar(`every ${Math.round(everyMs / 1000)}s`, plan.timezone)];
      return {
        id: copyId(from, to),
        work: { kind: 'copy', from, to },
        calendars,
        atOnce: false,
        spread: true,
        wakes: [],
      };
    });
}

const copyId = (from: string, to: string): string => `copy ${from} to ${to}`;

/** One for each policy: what a policy asks of its points is judged together. */
function verifications(plan: Plan, keeperOf: (asset: string) => Keeper): Task[] {
  return [...plan.policies.values()].flatMap(({ name, verifies }): Task[] => {
    const assets = [...plan.assets.values()]
      .filter((asset) => asset.policy === name && keeperOf(asset.name) !== 'nobody')
      .map((asset) => asset.name);
    const calendars: readonly Calendar[] = verifies?.every ?? [];
    if (assets.length === 0 || calendars.length === 0) return [];
    const work = { kind: 'verify', policy: name, assets } as const;
    return [{ id: `verify ${name}`, work, calendars, atOnce: false, spread: true, wakes: [] }];
  });
}

/** Where some policy says what is kept; without that nothing is ever given up. */
function prunes(plan: Plan, keeperOf: (asset: string) => Keeper): Task[] {
  const stores = new Set(
    ours(plan, keeperOf).flatMap((asset) => (policyOf(plan, asset)?.keep === undefined ? [] : holdersOf(plan, asset))),
  );
  const calendars = [parseCalendar(pruneCalendar, plan.timezone)];
  return [...stores].map((store) => ({
    id: `prune ${store}`,
    work: { kind: 'prune', store },
    calendars,
    atOnce: false,
    spread: true,
    wakes: [],
  }));
}

function drills(plan: Plan): Task[] {
  return [...plan.drills.values()].flatMap(({ name, every }): Task[] => {
    if (every.length === 0) return [];
    const work = { kind: 'drill', drill: name } as const;
    return [{ id: `drill ${name}`, work, calendars: every, atOnce: false, spread: false, wakes: [] }];
  });
}

function policyOf(plan: Plan, asset: string): Policy | undefined {
  return plan.policies.get(plan.assets.get(asset)?.policy ?? '');
}
