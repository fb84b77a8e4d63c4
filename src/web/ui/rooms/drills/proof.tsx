import type { ReactNode } from 'react';
import type { Evidence } from '../../../../api/contract/index.ts';
import { dayAndTime, formatBytes, seconds } from '../../data/words.ts';
import { Sheet, Word } from '../../parts/parts.tsx';
import { Split } from '../../parts/split.tsx';

/** What an auditor asks for: each criterion by its number, what came back from where, what was kept apart, what was left out. */
export function Proof({ evidence }: { readonly evidence: Evidence }): ReactNode {
  const { rto } = evidence;
  return (
    <>
      <Criteria criteria={evidence.criteria} />
      <Sheet title="Where the time went">
        <Split
          of={{
            detect: rto.detect,
            decide: rto.decide,
            execute: rto.execute,
            verify: rto.verify,
            people: rto.waitingForPeople,
            window: rto.waitingForWindow,
          }}
        />
      </Sheet>
      <CameBack assets={evidence.assets} />
      <div className="halves">
        <Apart evidence={evidence} />
        <Limits evidence={evidence} />
      </div>
      <Origin evidence={evidence} />
    </>
  );
}

type Criterion = Evidence['criteria'][number];

function amount({ unit }: Criterion, value: number | undefined): string {
  if (unit === 'none') return '';
  if (value === undefined) return 'unknown';
  return unit === 's' ? seconds(value) : value.toLocaleString('en');
}

const Criteria = ({ criteria }: { readonly criteria: readonly Criterion[] }): ReactNode => (
  <Sheet title="Criteria">
    <table className="cards">
      <thead>
        <tr>
          <th>Criterion</th>
          <th>Verdict</th>
          <th className="number">Measured</th>
          <th className="number">Target</th>
          <th className="number">Margin</th>
          <th>What it says</th>
        </tr>
      </thead>
      <tbody>
        {criteria.map((one) => (
          <tr key={one.name}>
            <th scope="row">{one.name}</th>
            <td data-label="Verdict">
              <Word of={one.verdict} />
            </td>
            <td data-label="Measured" className="number strong">
              {one.unit === 'none'
                ? null
                : `${one.atMost && one.measured !== undefined ? '≤ ' : ''}${amount(one, one.measured)}`}
            </td>
            <td data-label="Target" className="number">
              {one.unit === 'none' ? null : amount(one, one.target)}
            </td>
            <td data-label="Margin" className={`number ${(one.margin ?? 0) < 0 ? 'bad' : ''}`}>
              {one.unit === 'none' ? null : amount(one, one.margin)}
            </td>
            <td data-label="Says">{one.text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Sheet>
);

function CameBack({ assets }: { readonly assets: Evidence['assets'] }): ReactNode {
  if (assets.length === 0) return null;
  return (
    <Sheet title="What came back">
      <table className="cards">
        <thead>
          <tr>
            <th>Asset</th>
            <th>Verdict</th>
            <th className="number">Size</th>
            <th className="number">RPO</th>
            <th className="number">Lost</th>
            <th>From the point of</th>
            <th>How it is known</th>
          </tr>
        </thead>
        <tbody>
          {assets.map((one) => (
            <tr key={one.asset}>
              <th scope="row">{one.asset}</th>
              <td data-label="Verdict">
                <Word of={one.verdict} />
              </td>
              <td data-label="Size" className="number">
                {one.bytes === undefined ? 'unknown' : formatBytes(one.bytes)}
              </td>
              <td data-label="RPO" className="number strong">
                {one.rpoAtMost && one.rpoSeconds !== undefined ? '≤ ' : ''}
                {seconds(one.rpoSeconds)}
              </td>
              <td data-label="Lost" className="number">
                {one.lost === undefined
                  ? 'unknown'
                  : `${one.lost.toLocaleString('en')}${one.acknowledged === undefined ? '' : ` of ${one.acknowledged.toLocaleString('en')}`}`}
              </td>
              <td data-label="Point of">
                {one.point === undefined ? (
                  'none'
                ) : (
                  <>
                    {dayAndTime(one.point.at)} <span className="small soft">in {one.point.store}</span>
                  </>
                )}
              </td>
              <td data-label="Known" className="small">
                {one.rpoHow}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

function Apart({ evidence: { isolation, bubble } }: { readonly evidence: Evidence }): ReactNode {
  return (
    <Sheet title="Kept apart from production">
      <ul className="sure">
        {isolation?.sources.map(({ asset, same }) => (
          <li key={`source ${asset}`}>
            <Word of={same === undefined ? 'unknown' : same ? 'pass' : 'fail'} />
            <span>
              the source of {asset}{' '}
              {same === undefined
                ? 'did not answer: nothing to compare'
                : same
                  ? 'is who it was before'
                  : 'has changed'}
            </span>
          </li>
        ))}
        {isolation?.targets.map(({ asset, inside }) => (
          <li key={`target ${asset}`}>
            <Word of={inside ? 'pass' : 'fail'} />
            <span>
              {asset} was restored {inside ? 'inside' : 'outside'} the bubble
            </span>
          </li>
        ))}
        <li>
          <Word of={bubble === undefined ? 'unknown' : bubble.gone ? 'pass' : 'fail'} />
          <span>
            {bubble === undefined
              ? 'nothing proves that the bubble is gone'
              : bubble.gone
                ? 'the bubble is gone'
                : `of the bubble is left: ${bubble.left.join('; ')}`}
          </span>
        </li>
      </ul>
    </Sheet>
  );
}

const Limits = ({ evidence: { scope, notExercised } }: { readonly evidence: Evidence }): ReactNode => (
  <Sheet title="What was not exercised">
    {notExercised.length === 0 ? (
      <p className="empty">Nothing was left out.</p>
    ) : (
      <ul className="lines small">
        {notExercised.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    )}
    <h3 className="apart">Within the scope</h3>
    <ul className="small">
      {scope.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  </Sheet>
);

const Origin = ({ evidence }: { readonly evidence: Evidence }): ReactNode => (
  <Sheet title="Where this comes from">
    <dl className="facts">
      <dt>Run</dt>
      <dd>
        <code>{evidence.run}</code>
      </dd>
      <dt>Plan</dt>
      <dd>
        {evidence.plan.name} <code>{evidence.plan.hash}</code>
      </dd>
      <dt>Made by</dt>
      <dd>
        {evidence.tool} on {evidence.host}
      </dd>
      <dt>Journal</dt>
      <dd>
        {evidence.journal.records} records, head <code>{evidence.journal.head}</code>
      </dd>
      <dt>SHA-256</dt>
      <dd>
        <code>{evidence.sha256}</code> <span className="small soft">of the evidence without this line</span>
      </dd>
    </dl>
  </Sheet>
);
