import type { ReactNode } from 'react';
import type { Run, Step } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { isOpen } from '../../data/under-way.ts';
import { formatDuration, seconds, wholeSeconds } from '../../data/words.ts';
import { Word } from '../../parts/parts.tsx';

/** The steps in time: what was planned as a rail, what was as a bar upon it, the longest way marked. */
export function Gantt({
  run,
  chosen,
  onChoose,
}: {
  readonly run: Run;
  readonly chosen: string | undefined;
  readonly onChoose: (step: string) => void;
}): ReactNode {
  const now = useNow();
  const startMs = Date.parse(run.startedAt);
  const isUnderWay = isOpen(run.verdict);
  // What waits for people goes on taking time.
  const endMs = isUnderWay || run.finishedAt === null ? now : Date.parse(run.finishedAt);
  const elapsed = Math.max(0, (endMs - startMs) / 1000);
  const ends = run.steps.map((step) => (step.plannedStartSeconds ?? 0) + (step.plannedSeconds ?? 0));
  const planned = Math.max(0, ...ends);
  // The plan counts with its budgets, which are long: what is over is shown in its own size.
  const whole = Math.max(1, elapsed, isUnderWay ? Math.min(planned, elapsed * 4 + 10) : 0);
  return (
    <div className="gantt-frame">
      <ol className="gantt">
        {run.steps.map((step) => (
          <li key={step.id}>
            <button
              type="button"
              className={`bar-row ${step.id === chosen ? 'chosen' : ''} ${step.within === null ? '' : 'within'}`}
              aria-expanded={step.id === chosen}
              onClick={() => onChoose(step.id)}
            >
              <span className="step-name">
                <span className="critical-key">{step.critical ? '◆' : ''}</span>
                {step.id}
                {step.critical ? <span className="hidden"> on the longest way</span> : null}
              </span>
              <span className="lane" aria-hidden="true">
                <Bars step={step} startMs={startMs} elapsed={elapsed} whole={whole} />
                {isUnderWay ? <i className="now-line" style={{ left: `${(elapsed / whole) * 100}%` }} /> : null}
              </span>
              <span className="step-state">
                <Word of={step.state} say={step.state === 'needs-human' ? 'waits' : step.state} />
              </span>
              <span className={`step-took ${step.overBudget ? 'bad strong' : ''}`}>{tookText(step, now)}</span>
            </button>
          </li>
        ))}
      </ol>
      <p className="axis small soft" aria-hidden="true">
        <span>0 s</span>
        <span>{formatDuration((whole / 2) * 1000)}</span>
        <span>{formatDuration(whole * 1000)}</span>
      </p>
    </div>
  );
}

function Bars({
  step,
  startMs,
  elapsed,
  whole,
}: {
  readonly step: Step;
  readonly startMs: number;
  readonly elapsed: number;
  readonly whole: number;
}): ReactNode {
  const from = step.startedAt === null ? undefined : (Date.parse(step.startedAt) - startMs) / 1000;
  const to = step.finishedAt === null || waits(step) ? elapsed : (Date.parse(step.finishedAt) - startMs) / 1000;
  const percent = (value: number): string => `${Math.max(0, Math.min(100, (value / whole) * 100))}%`;
  const { plannedStartSeconds: planned, plannedSeconds: lasts } = step;
  return (
    <>
      {planned === null || lasts === null || planned > whole ? null : (
        <i className="planned" style={{ left: percent(planned), width: percent(Math.min(lasts, whole - planned)) }} />
      )}
      {from === undefined ? null : (
        <i
          className={`actual ${step.state} ${step.overBudget ? 'over' : ''} ${step.critical ? 'critical' : ''}`}
          style={{ left: percent(from), width: percent(Math.max(0, to - from)) }}
        />
      )}
    </>
  );
}

/** Its attempt is over, and it is not: somebody has to say something. */
const waits = ({ state }: Step): boolean => state === 'needs-human';

function tookText({ seconds: took, state, startedAt, budgetSeconds }: Step, now: number): string {
  const budget = budgetSeconds === null ? '' : ` of ${seconds(budgetSeconds)}`;
  if ((state === 'running' || state === 'needs-human') && startedAt !== null)
    return `${wholeSeconds(now - Date.parse(startedAt))}${budget}`;
  return took === null ? budget.replace(' of ', '≤ ') : `${seconds(took)}${budget}`;
}
