import { formatDuration, limits } from '../core/index.ts';
import type { ServeFacts } from './facts.ts';

export interface Health {
  /** False: it does not do its work, and a person should look. */
  readonly ok: boolean;
  /** False: only a new start helps. A full disk is not mended by one, a scheduler that stands still is. */
  readonly alive: boolean;
  readonly role: 'keeps the schedule' | 'stands by';
  readonly plan: string;
  /** Under way now. */
  readonly running: readonly string[];
  /** What keeps it from its work. */
  readonly problems: readonly string[];
  /** What people should look at, though it works. */
  readonly remarks: readonly string[];
}

/** Whether what is always on is well; not whether what it keeps is (that is `status`, and what alerts are for). Pure. */
export function healthOf({ plan, keeping, planRefused }: ServeFacts): Health {
  const health = keeping?.scheduler.health();
  const silentMs = (health?.tickSeconds ?? 0) * 1000;
  const alive = silentMs <= limits.tickSilentMs;
  const problems = [
    ...(alive ? [] : [`the scheduler has not looked at the clock for ${formatDuration(silentMs)}`]),
    ...(health?.trouble === undefined ? [] : [`nothing can begin: ${health.trouble.message}`]),
  ];
  const jobs = keeping?.scheduler.running ?? [];
  return {
    ok: problems.length === 0,
    alive,
    role: keeping === undefined ? 'stands by' : 'keeps the schedule',
    plan: plan.name,
    running: jobs.map(({ task }) => task.id),
    problems,
    remarks: [
      ...(planRefused === undefined ? [] : [`the plan has changed and is refused: ${planRefused.message}`]),
      ...jobs.filter(({ silent }) => silent).map(({ task }) => `${task.id} hangs`),
    ],
  };
}
