import { formatDuration, limits } from '../../core/index.ts';
import type { StatusFacts, TaskFact } from './facts.ts';
import type { Problem, ScheduleStatus } from './status-types.ts';

/** Who keeps the schedule, and what of it went wrong when it was last tried. */
export function scheduleStatus({ schedule, nowMs }: StatusFacts): ScheduleStatus {
  const { keptMs, hold, allAnswered, tasks } = schedule;
  // A holder writes its hold anew six times in its length; the clocks of two machines are not quite the same.
  const isLive = hold !== undefined && nowMs - hold.atMs < hold.lengthMs + limits.clockSkewMs;
  const kept = isLive ? 'now' : !allAnswered ? 'unknown' : keptMs === undefined ? 'never' : 'nobody';
  const seenMs = hold?.atMs ?? keptMs;
  return {
    kept,
    host: isLive ? hold.host : undefined,
    seenMs,
    tasks,
    problems: [
      ...(kept === 'nobody' ? [nobody(nowMs, seenMs)] : []),
      ...tasks.flatMap((task) => taskProblem(nowMs, task)),
    ],
  };
}

const nobody = (nowMs: number, seenMs: number | undefined): Problem => ({
  code: 'schedule',
  about: 'the schedule',
  words: `nobody keeps it${seenMs === undefined ? '' : `; the last sign of somebody is ${ago(nowMs, seenMs)} old`}`,
  hint: 'lifeboat serve',
});

function taskProblem(nowMs: number, fact: TaskFact): Problem[] {
  const { task, state, silentMs, redMs, redWords, beganMs, endedMs, failures, words } = fact;
  const problem = (said: string): Problem => ({ code: 'task', about: task, words: said, hint: hintOf(task) });
  const problems: Problem[] = [];
  if (state === 'begun' && silentMs !== undefined)
    problems.push(problem(`is under way since ${ago(nowMs, beganMs ?? silentMs)} and hangs`));
  else if (failures > 0 && state !== 'begun')
    problems.push(
      problem(
        `failed ${failures === 1 ? '' : `${failures} times in a row, last `}${ago(nowMs, endedMs ?? nowMs)} ago: ${words}`,
      ),
    );
  // What was found stays found while it is tried again. A drill that failed is told of with the drills.
  if (redMs !== undefined && !task.startsWith('drill '))
    problems.push(problem(`found ${ago(nowMs, redMs)} ago: ${redWords}`));
  return problems;
}

const ago = (nowMs: number, ms: number): string => formatDuration(Math.max(0, nowMs - ms));

/** What does by hand what the task does. */
function hintOf(task: string): string {
  const [kind = '', first = '', , last = ''] = task.split(' ');
  if (kind === 'copy') return `lifeboat store replicate ${first} ${last}`;
  if (kind === 'prune') return `lifeboat store prune ${first}`;
  if (kind === 'verify') return 'lifeboat verify --due';
  return `lifeboat ${task}`;
}
