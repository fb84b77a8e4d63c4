import type { ReactNode } from 'react';
import type { Run, Step } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { dayAndTime, formatDuration, seconds, wholeSeconds } from '../../data/words.ts';
import { isOpen, timeWords } from '../../data/under-way.ts';
import { Figure, Sheet } from '../../parts/parts.tsx';
import { Split, type Spent } from '../../parts/split.tsx';
import { forecastShown } from './forecast.ts';

/** Since the impact, against what was promised; when it will be over; what does not come back; where the time went. */
export function ClockBlock({ run }: { readonly run: Run }): ReactNode {
  const now = useNow();
  const { rto } = run;
  const ticks = clockTicks(run);
  const elapsed = elapsedSeconds(run, now);
  const hasTime = isOpen(run.verdict) || run.verdict === 'done';
  const margin = rto.targetSeconds === null || !hasTime ? null : rto.targetSeconds - elapsed;
  const isOver = margin !== null && margin < 0;
  return (
    <Sheet
      title="Clock"
      aside={<span className="soft small">from the impact, {dayAndTime(run.incident.impactAt)}</span>}
    >
      <div className="figures clock">
        <Figure
          label={timeWords(run.verdict)}
          value={ticks ? wholeSeconds(elapsed * 1000) : seconds(elapsed)}
          {...(margin === null ? {} : { tone: isOver ? 'bad' : 'good' })}
        />
        <Figure label="Target" value={seconds(rto.targetSeconds, 'none')} note="RTO of the plan" />
        <Figure
          label={isOver ? 'Over by' : 'Margin'}
          value={
            margin === null ? 'unknown' : ticks ? wholeSeconds(Math.abs(margin) * 1000) : seconds(Math.abs(margin))
          }
          {...(margin === null ? {} : { tone: isOver ? 'bad' : '' })}
        />
        <Forecast run={run} now={now} elapsed={elapsed} ticks={ticks} />
        <Loss run={run} />
      </div>
      <Split of={spentOf(run, elapsed)} />
    </Sheet>
  );
}

/** While it runs: when it ends, as the server expects. When it is over: what was planned. */
function Forecast({
  run,
  now,
  elapsed,
  ticks,
}: {
  readonly run: Run;
  readonly now: number;
  readonly elapsed: number;
  readonly ticks: boolean;
}): ReactNode {
  const shown = forecastShown(run, now);
  if (!ticks || shown === undefined)
    return (
      <Figure
        label="Planned"
        value={seconds(run.plannedSeconds)}
        note={run.plannedSeconds === null ? 'a step has no budget' : 'by budgets, along the longest way'}
      />
    );
  const { targetSeconds: target } = run.rto;
  const wholeMs = (endMs: number): number => endMs - now + elapsed * 1000;
  const [likelyMs, lateMs] = [wholeMs(shown.p50Ms), wholeMs(shown.p90Ms)];
  const isOver = (ms: number): boolean => target !== null && ms > target * 1000;
  return (
    <Figure
      label="Forecast"
      value={`${shown.isLeast ? '≥ ' : ''}${formatDuration(likelyMs)}`}
      note={shown.words}
      tone={isOver(likelyMs) ? 'bad' : isOver(lateMs) ? 'warn' : ''}
    />
  );
}

/** What came back is held against the moment that was asked for; nobody knows more before the data itself was compared. */
function Loss({ run: { restored, incident, rpoTargetSeconds } }: { readonly run: Run }): ReactNode {
  const target = seconds(rpoTargetSeconds, 'not said');
  if (restored.length === 0)
    return <Figure label="May lose" value={target} note={`last good ${dayAndTime(incident.lastGoodAt)}`} />;
  const lost = Math.max(...restored.map((one) => lostSeconds(one, incident)));
  return (
    <Figure
      label="Not back, at most"
      value={seconds(lost)}
      note={`may lose ${target}`}
      tone={rpoTargetSeconds === null ? '' : lost > rpoTargetSeconds ? 'bad' : 'good'}
    />
  );
}

/** From the moment that came back to the last good one. */
export const lostSeconds = ({ reachedAt, pointAt }: Run['restored'][number], { lastGoodAt }: Run['incident']): number =>
  Math.max(0, (Date.parse(lastGoodAt) - Date.parse(reachedAt ?? pointAt)) / 1000);

/** The recovery is over, and only the way back is kept open: its clock has stopped. */
const inCommit = ({ kind, state }: Step): boolean => kind === 'commit' && ['running', 'needs-human'].includes(state);

const clockTicks = ({ verdict, steps }: Run): boolean => isOpen(verdict) && !steps.some(inCommit);

export const elapsedSeconds = (run: Run, nowMs: number): number =>
  clockTicks(run) ? Math.max(0, (nowMs - Date.parse(run.incident.impactAt)) / 1000) : run.rto.seconds;

/** The records tell of the time until the last of them; what has passed since belongs to what it stands at. */
function spentOf({ rto, verdict, waitsForWindow, steps }: Run, elapsed: number): Spent {
  const spent = {
    detect: rto.detectSeconds,
    decide: rto.decideSeconds,
    execute: rto.executeSeconds,
    verify: rto.verifySeconds,
    people: rto.waitingForPeopleSeconds,
    window: rto.waitingForWindowSeconds,
  };
  const recorded = Object.values(spent).reduce((sum, part) => sum + part, 0);
  const rest = isOpen(verdict) ? Math.max(0, elapsed - recorded) : 0;
  const acts = steps.some(({ state }) => state === 'running');
  const at =
    verdict === 'needs-human' || verdict === 'paused'
      ? 'people'
      : waitsForWindow !== null && !acts
        ? 'window'
        : 'execute';
  return { ...spent, [at]: spent[at] + rest };
}
