import type { ReactNode } from 'react';
import type { Briefing } from '../../../../api/contract/index.ts';
import { count, dayAndTime, inLocalTime, seconds } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Figure, Word } from '../../parts/parts.tsx';

/** What `recover --dry-run` says: how sure, how long, who decides, what stays. Nothing was executed. */
export function BriefingView({ briefing }: { readonly briefing: Briefing }): ReactNode {
  const { certainty, rehearsal } = briefing;
  return (
    <div className="briefing">
      <div className="figures">
        <Figure
          label="Proved"
          value={String(certainty.proved)}
          note={`of ${count(certainty.proved + certainty.predicted + certainty.unknown, 'step')} that act`}
          tone={certainty.proved > 0 ? 'good' : ''}
        />
        <Figure label="Predicted" value={String(certainty.predicted)} note="not proved, but likely" />
        <Figure
          label="Unknown"
          value={String(certainty.unknown)}
          note="nobody knows before it runs"
          tone={certainty.unknown > 0 ? 'warn' : ''}
        />
        <Figure
          label="Budgets"
          value={seconds(briefing.budgetSeconds)}
          note={`promised ${seconds(briefing.promisedSeconds, 'nothing')}`}
          tone={briefing.promisedSeconds !== null && briefing.budgetSeconds > briefing.promisedSeconds ? 'bad' : ''}
        />
      </div>
      <p>
        {rehearsal === null ? (
          <span className="warn strong">It was never rehearsed.</span>
        ) : (
          <>
            Last <Link to={`/drills/${rehearsal.run}`}>rehearsed</Link> {dayAndTime(rehearsal.at)}:{' '}
            <Word of={rehearsal.verdict} /> in {seconds(rehearsal.tookSeconds)}
            {rehearsal.same ? '' : ', and the procedure has changed since'}.
          </>
        )}
      </p>
      <ol className="sure">
        {briefing.steps.map((step) => (
          <li key={step.id}>
            <Word of={step.certainty} />
            <span>
              <span className="strong">{step.id}</span>: {inLocalTime(step.text)}
              <span className="small soft">
                {step.budgetSeconds === null ? ', no budget' : `, budget ${seconds(step.budgetSeconds)}`}
                {step.lastSeconds === null ? '' : `, took ${seconds(step.lastSeconds)} last time`}
                {step.decides === null ? '' : `, decided by ${step.decides.join(' or ') || 'anybody'}`}
              </span>
              {step.stays === null ? null : <span className="small warn"> {step.stays}</span>}
              {step.destructive ? <span className="tag bad">acts on what is there</span> : null}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
