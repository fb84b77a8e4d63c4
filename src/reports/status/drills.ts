import { formatDuration, limits } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { DrillDeclaration } from '../../plan/index.ts';
import { dueAfter } from './due.ts';
import type { StatusFacts } from './facts.ts';
import type { DrillRun, DrillStatus, Problem } from './status-types.ts';

export function drillsStatus(facts: StatusFacts): DrillStatus[] {
  const runs = drillRuns(facts.records);
  return [...facts.plan.drills.values()].map((drill) => {
    const own = runs.filter((run) => run.drill === drill.name);
    const last = own.at(-1);
    const passed = own.findLast(({ verdict }) => verdict === 'pass');
    return {
      drill: drill.name,
      scenario: drill.scenario,
      restore: drill.restore,
      last,
      lastPassMs: passed?.atMs,
      nextMs: dueAfter(drill.every, facts.nowMs),
      problems: problemsOf(facts, drill, last),
    };
  });
}

/** Oldest first. */
export function drillRuns(records: readonly JournalRecord[]): DrillRun[] {
  return records.flatMap(({ kind, atMs, run, data }): DrillRun[] => {
    if (kind !== 'drill.finished' && kind !== 'drill.aborted') return [];
    const seconds = (key: string): number | undefined => (typeof data[key] === 'number' ? data[key] : undefined);
    const verdict = kind === 'drill.aborted' ? 'aborted' : data['verdict'] === 'pass' ? 'pass' : 'fail';
    const [rtoSeconds, rpoSeconds] = [seconds('rtoSeconds'), seconds('rpoSeconds')];
    return [{ drill: String(data['drill']), run: run ?? '', atMs, verdict, rtoSeconds, rpoSeconds }];
  });
}

/** A drill with a calendar is a promise from the first day on. */
function problemsOf({ nowMs }: StatusFacts, { name, every }: DrillDeclaration, last: DrillRun | undefined): Problem[] {
  const [about, hint] = [`the drill ${name}`, `lifeboat drill ${name}`];
  const problem = (words: string): Problem[] => [{ code: 'drill', about, words, hint }];
  if (last === undefined) return every.length === 0 ? [] : problem('never ran');
  const ago = formatDuration(Math.max(0, nowMs - last.atMs));
  if (last.verdict !== 'pass') return problem(`${last.verdict === 'fail' ? 'failed' : 'was broken off'} ${ago} ago`);
  const dueMs = dueAfter(every, last.atMs);
  const lateMs = dueMs === undefined ? 0 : nowMs - dueMs;
  return lateMs <= limits.pointGraceMs ? [] : problem(`was due ${formatDuration(lateMs)} ago; it last ran ${ago} ago`);
}
