import type { ReactNode } from 'react';
import type { AssetReadiness, Readiness, ServiceReadiness } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { ago, until } from '../../data/words.ts';
import { Ladder, LossBar, lossText, targetText } from '../../parts/proof.tsx';
import { worstFirst as assetsWorstFirst } from '../readiness/assets.tsx';
import { sentence } from '../readiness/verdict.tsx';

/** What fits and is read: more would be smaller. */
const problemsShown = 4;
const servicesShown = 7;
const levels = ['declared', 'checked', 'protected', 'verified', 'restored', 'rehearsed'];

/** Between disasters: is every promise kept, which is not, and how far is each service proven. */
export function Calm({ readiness }: { readonly readiness: Readiness }): ReactNode {
  const { problems, unanswered } = readiness;
  const isGood = problems.length === 0 && unanswered.length === 0;
  const shown = isGood ? servicesShown : servicesShown - Math.min(problems.length, problemsShown);
  return (
    <>
      <h1 className={`wall-sentence ${isGood ? 'good' : 'bad'}`}>
        <span aria-hidden="true">{isGood ? '✓' : '✗'}</span> {sentence(readiness)}
      </h1>
      {problems.length + unanswered.length === 0 ? null : (
        <ul className="wall-problems">
          {problems.slice(0, problemsShown).map(({ about, words, code }) => (
            <li key={`${code} ${about} ${words}`}>
              <span className="strong">{about}</span>: {words}
            </li>
          ))}
          {unanswered.map(({ store }) => (
            <li key={store}>
              <span className="strong">{store}</span> does not answer
            </li>
          ))}
          {problems.length <= problemsShown ? null : (
            <li className="soft">and {problems.length - problemsShown} more</li>
          )}
        </ul>
      )}
      <table className="wall-services">
        <thead className="hidden">
          <tr>
            <th>Service</th>
            <th>Proof</th>
            <th>Lost if gone now</th>
          </tr>
        </thead>
        <tbody>
          {worstFirst(readiness.services)
            .slice(0, shown)
            .map((service) => (
              <tr key={service.service}>
                <th scope="row">{service.service}</th>
                <td>
                  {service.worst === null ? (
                    <span className="bad strong">no scenario</span>
                  ) : (
                    <>
                      <Ladder level={service.worst.level} />{' '}
                      <span className="soft">{ago(service.worst.proofAgeSeconds, '')}</span>
                    </>
                  )}
                </td>
                <td className={`number ${service.verdict === 'breached' ? 'bad strong' : ''}`}>
                  <span className="soft">would lose</span> {lossText(service)}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
      <Assets
        assets={assetsWorstFirst(readiness.assets, '').slice(0, Math.max(0, shown - readiness.services.length))}
      />
      {readiness.services.length <= shown ? null : (
        <p className="soft wall-more">and {readiness.services.length - shown} services that are better off</p>
      )}
      <Facts readiness={readiness} />
    </>
  );
}

function worstFirst(services: readonly ServiceReadiness[]): readonly ServiceReadiness[] {
  const rank = ({ verdict, worst }: ServiceReadiness): number =>
    (verdict === 'breached' ? 0 : 10) + (worst === null ? 0 : levels.indexOf(worst.level));
  return services.toSorted((one, other) => rank(one) - rank(other));
}

/** Where services leave room. */
function Assets({ assets }: { readonly assets: readonly AssetReadiness[] }): ReactNode {
  if (assets.length === 0) return null;
  return (
    <table className="wall-services wall-assets">
      <thead className="hidden">
        <tr>
          <th>Asset</th>
          <th>Against the target</th>
          <th>Lost if gone now, of what may be</th>
        </tr>
      </thead>
      <tbody>
        {assets.map((asset) => (
          <tr key={asset.asset}>
            <th scope="row">{asset.asset}</th>
            <td className="wall-loss">
              <LossBar asset={asset} />
            </td>
            <td className={`number ${asset.verdict === 'breached' ? 'bad strong' : ''}`}>
              {lossText(asset)} <span className="soft">of {targetText(asset)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ readiness: { nextDrill, schedule, keys } }: { readonly readiness: Readiness }): ReactNode {
  const now = useNow();
  const untested = keys.filter(({ testedAt }) => testedAt === null).length;
  const kept = {
    now: `kept by ${schedule.host ?? 'somebody'}`,
    nobody: 'kept by nobody',
    never: 'kept by nobody yet',
    unknown: 'not known',
  };
  return (
    <dl className="wall-facts">
      <div>
        <dt>Next drill</dt>
        <dd className={nextDrill === null ? 'warn' : ''}>{nextDrill === null ? 'none' : until(nextDrill.at, now)}</dd>
      </div>
      <div>
        <dt>Schedule</dt>
        <dd className={schedule.kept === 'now' ? '' : 'bad'}>{kept[schedule.kept]}</dd>
      </div>
      <div>
        <dt>Keys</dt>
        <dd className={untested === 0 ? '' : 'warn'}>
          {untested === 0 ? 'each was tested' : `${untested} never tested`}
        </dd>
      </div>
    </dl>
  );
}
