import type { ReactNode } from 'react';
import type { DrillResult, Evidence } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useDrills, useEvidence } from '../../data/queries.ts';
import { dayAndTime, seconds } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Figure, RoomHead, Sheet, Waiting, Word } from '../../parts/parts.tsx';
import { Proof } from './proof.tsx';
import './drills.css';

/** One drill: passed or not at a glance, each criterion with its number, and what was not exercised. */
export default function DrillRoom({ id }: { readonly id: string }): ReactNode {
  const answer = useDrills();
  const evidence = useEvidence(id);
  // One of long ago stands in the list no more; its evidence tells the same.
  const result =
    answer.data?.results.find(({ run }) => run === id) ??
    (answer.data === undefined || evidence.data === undefined ? undefined : resultOf(evidence.data));
  if (result !== undefined) return <Report result={result} />;
  return (
    <>
      <RoomHead title="Drill report" />
      {answer.data === undefined || evidence.isPending ? (
        <Waiting answer={answer} what="the report" />
      ) : (
        <p>
          No drill has finished as <code>{id}</code> yet. If it has just run, what came back is still being checked: the
          report is shown here when it is there. <Link to={`/runs/${id}`}>The run itself</Link> tells more.
        </p>
      )}
    </>
  );
}

function resultOf({ run, title, scenario, verdict, finishedAt, rto, criteria, assets }: Evidence): DrillResult {
  const targetOf = (name: string): number | null => criteria.find((one) => one.name === name)?.target ?? null;
  const losses = allKnown(assets.map(({ rpoSeconds }) => rpoSeconds));
  const lost = allKnown(assets.map((asset) => asset.lost));
  return {
    run,
    drill: title.replace(/^Drill /, ''),
    scenario,
    at: finishedAt,
    verdict,
    rtoSeconds: rto.seconds ?? null,
    rtoTargetSeconds: rto.targetSeconds ?? null,
    rpoSeconds: losses === undefined ? null : Math.max(...losses),
    rpoTargetSeconds: targetOf('rpo'),
    lost: lost === undefined ? null : lost.reduce((sum, one) => sum + one, 0),
    criteria: criteria.map(({ name, verdict: said, text }) => ({ name, verdict: said, text })),
  };
}

/** One that nobody knows makes all of them unknown. */
function allKnown(values: readonly (number | undefined)[]): readonly number[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 && known.length === values.length ? known : undefined;
}

function Report({ result }: { readonly result: DrillResult }): ReactNode {
  const evidence = useEvidence(result.run);
  const isGood = result.verdict === 'pass';
  const words = { pass: 'PASS', fail: 'FAIL', aborted: 'ABORTED' };
  return (
    <>
      <RoomHead title={`Drill ${result.drill}`}>
        <span className="row no-print">
          <button type="button" className="button" onClick={() => print()}>
            Print
          </button>
          <a href={api.drills.reportPage(result.run)} target="_blank" rel="noopener" className="button">
            The whole report
          </a>
          <Link to={`/runs/${result.run}`} className="button">
            Its steps
          </Link>
        </span>
      </RoomHead>
      <div className="stack">
        <section className={`sheet score ${isGood ? 'good-look' : 'bad-look'}`} aria-label="Verdict">
          <div>
            <p className="score-word">{words[result.verdict]}</p>
            <p className="small soft">ended {dayAndTime(result.at)}</p>
          </div>
          <div className="figures">
            <Measured label="RTO" value={result.rtoSeconds} target={result.rtoTargetSeconds} />
            <Measured
              label="RPO"
              value={result.rpoSeconds}
              target={result.rpoTargetSeconds}
              atMost={evidence.data?.assets.some(({ rpoAtMost }) => rpoAtMost) ?? false}
            />
            <Figure
              label="Lost"
              value={result.lost === null ? 'unknown' : result.lost.toLocaleString('en')}
              note="of what was acknowledged"
              tone={result.lost === 0 ? 'good' : ''}
            />
          </div>
        </section>
        {evidence.data !== undefined ? (
          <Proof evidence={evidence.data} />
        ) : result.verdict === 'aborted' ? (
          <p>It did not come to its end, and proved nothing. Its steps tell how far it came.</p>
        ) : (
          <>
            <Verdicts result={result} />
            <Waiting answer={evidence} what="the evidence" />
          </>
        )}
      </div>
    </>
  );
}

/** Until the evidence is there. */
const Verdicts = ({ result }: { readonly result: DrillResult }): ReactNode => (
  <Sheet title="Criteria">
    <ul className="sure">
      {result.criteria.map(({ name, verdict, text }) => (
        <li key={name}>
          <Word of={verdict} />
          <span>
            <span className="strong">{name}</span>: {text}
          </span>
        </li>
      ))}
    </ul>
  </Sheet>
);

function Measured({
  label,
  value,
  target,
  atMost = false,
}: {
  readonly label: string;
  readonly value: number | null;
  readonly target: number | null;
  readonly atMost?: boolean;
}): ReactNode {
  const tone = value === null ? 'warn' : target === null ? '' : value <= target ? 'good' : 'bad';
  const words = `${atMost && value !== null ? '≤ ' : ''}${seconds(value)}`;
  return <Figure label={label} value={words} note={`target ${seconds(target, 'none')}`} tone={tone} />;
}
