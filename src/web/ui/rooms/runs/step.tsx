import { useEffect, useRef, type ReactNode } from 'react';
import type { Run, Step } from '../../../../api/contract/index.ts';
import { count, dayAndTime, inLocalTime, seconds } from '../../data/words.ts';
import { Word } from '../../parts/parts.tsx';
import { StepActs } from './acts.tsx';

/** What one step did, says, and what may be done about it. */
export function StepDetail({ run, step }: { readonly run: Run; readonly step: Step }): ReactNode {
  return (
    <section className="step-detail" aria-label={`Step ${step.id}`}>
      <header className="row between">
        <h3>
          {step.id} <span className="soft">{step.kind}</span>{' '}
          <Word of={step.state} say={step.state === 'needs-human' ? 'waits for a person' : step.state} />
        </h3>
        <StepActs run={run} step={step} />
      </header>
      <p>{step.title}</p>
      {step.summary === '' ? null : <p className="strong">{inLocalTime(step.summary)}</p>}
      {step.hint === null ? null : <p>{step.hint}</p>}
      <p className="small soft">
        {step.startedAt === null ? 'has not begun' : `began ${dayAndTime(step.startedAt)}`}
        {step.seconds === null || step.state === 'needs-human' ? '' : `, took ${seconds(step.seconds)}`}
        {step.budgetSeconds === null ? ', without a budget' : `, budget ${seconds(step.budgetSeconds)}`}
        {step.measured === null ? '' : `, usually ${usual(step.measured)}`}
        {step.attempts > 1 ? `, ${step.attempts} tries` : ''}
        {step.needs.length === 0 ? '' : `, after ${step.needs.join(', ')}`}
        {step.code === null ? '' : `, ${step.code}`}
      </p>
      <Output lines={step.output} />
    </section>
  );
}

const usual = ({ p50Seconds, p90Seconds, runs }: NonNullable<Step['measured']>): string =>
  `${seconds(p50Seconds)} (P50) to ${seconds(p90Seconds)} (P90) in ${count(runs, 'earlier run')}`;

/** The end of what it put out; it stays at the end unless somebody reads further up. */
function Output({ lines }: { readonly lines: readonly string[] }): ReactNode {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const shown = box.current;
    if (shown !== null && atEnd.current) shown.scrollTop = shown.scrollHeight;
  }, [lines]);
  if (lines.length === 0) return null;
  return (
    <pre
      ref={box}
      className="output"
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="The last lines that it put out"
      onScroll={({ currentTarget: shown }) => {
        atEnd.current = shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 4;
      }}
    >
      {lines.join('\n')}
    </pre>
  );
}
