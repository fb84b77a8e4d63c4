import type { ReactNode } from 'react';
import type { Readiness, ScenarioReadiness } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useReadiness } from '../../data/queries.ts';
import { ago, clockTime, count, until } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Ladder, lossText } from '../../parts/proof.tsx';
import { RoomHead, Sheet, Waiting, Word } from '../../parts/parts.tsx';
import { Assets } from './assets.tsx';
import { Duties } from './duties.tsx';
import { Standbys } from './standbys.tsx';
import { Verdict } from './verdict.tsx';
import './readiness.css';

/** The screen between disasters: what is wrong first, then how far each service is proven, and what would be lost now. */
export default function ReadinessRoom(): ReactNode {
  const answer = useReadiness();
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Readiness" />
        <Waiting answer={answer} what="how ready we are" />
      </>
    );
  return (
    <>
      <RoomHead title="Readiness">
        <p className="soft small">
          asked {clockTime(Date.parse(data.at))}
          {data.renewing ? ', asking again' : ''}
        </p>
      </RoomHead>
      <div className="stack">
        <Verdict readiness={data} />
        <div className="halves">
          <Services readiness={data} />
          <Scenarios readiness={data} />
        </div>
        <Assets assets={data.assets} excluded={data.excluded} />
        <Standbys standbys={data.standbys} />
        <Duties readiness={data} />
      </div>
    </>
  );
}

function Services({ readiness: { services } }: { readonly readiness: Readiness }): ReactNode {
  if (services.length === 0) return null;
  return (
    <Sheet title="Services" aside={<span className="soft small">by rank, each at its worst</span>}>
      <table className="cards">
        <thead>
          <tr>
            <th>Service</th>
            <th>Proof</th>
            <th className="number">Lost if gone now</th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => (
            <tr key={service.service}>
              <th scope="row">
                {service.service}
                {service.rank === null ? null : <span className="soft small"> {service.rank}</span>}
              </th>
              <td data-label="Proof">
                {service.worst === null ? (
                  <span className="bad">no scenario</span>
                ) : (
                  <span>
                    <Ladder level={service.worst.level} />{' '}
                    <span className="soft nowrap">{ago(service.worst.proofAgeSeconds, '')}</span>
                  </span>
                )}
              </td>
              <td data-label="Lost now" className="number">
                <span className={service.verdict === 'breached' ? 'bad strong' : ''}>{lossText(service)}</span>
                {service.verdict === 'ok' ? null : (
                  <>
                    {' '}
                    <Word of={service.verdict} />
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

function Scenarios({ readiness: { scenarios } }: { readonly readiness: Readiness }): ReactNode {
  if (scenarios.length === 0) return null;
  return (
    <Sheet
      title="Scenarios"
      aside={
        <Link to="/runs/start" className="small">
          Rehearse or recover
        </Link>
      }
    >
      <ul className="lines">
        {scenarios.map((scenario) => (
          <Scenario key={scenario.scenario} of={scenario} />
        ))}
      </ul>
    </Sheet>
  );
}

function Scenario({ of: scenario }: { readonly of: ScenarioReadiness }): ReactNode {
  const now = useNow(10_000);
  const { lastDrill } = scenario;
  return (
    <li>
      <div className="row between">
        <span className="strong">{scenario.scenario}</span>
        <span className="nowrap">
          <Ladder level={scenario.level} />
          <span className="soft"> {ago(scenario.proofAgeSeconds, '')}</span>
        </span>
      </div>
      <p className="small soft">
        {lastDrill === null ? (
          'never drilled'
        ) : (
          <>
            drill <Word of={lastDrill.verdict} />{' '}
            <Link to={`/drills/${lastDrill.run}`}>{ago((now - Date.parse(lastDrill.at)) / 1000)}</Link>
          </>
        )}
        {`, next ${until(scenario.nextDrillAt, now)}, takes ${count(scenario.assets.length, 'asset')}`}
      </p>
      {scenario.missing === null ? null : <p className="small">{scenario.missing}</p>}
    </li>
  );
}
