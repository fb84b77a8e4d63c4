import { useMemo, useState, type ReactNode } from 'react';
import type { AssetReadiness, Readiness } from '../../../../api/contract/index.ts';
import { ago, count } from '../../data/words.ts';
import { go, Link, setQuery, usePlace } from '../../frame/route.tsx';
import { LossBar, lossText, ratioText, targetText } from '../../parts/proof.tsx';
import { Sheet, Word } from '../../parts/parts.tsx';

/** A screen of them; more are a press away, and the search looks through all. */
const shownFirst = 50;
const order: readonly AssetReadiness['verdict'][] = ['breached', 'unknown', 'no target', 'ok'];

export function Assets({
  assets,
  excluded,
}: {
  readonly assets: readonly AssetReadiness[];
  readonly excluded: Readiness['excluded'];
}): ReactNode {
  const { query } = usePlace();
  const wanted = query.get('find') ?? '';
  const [shown, setShown] = useState(shownFirst);
  const found = useMemo(() => worstFirst(assets, wanted), [assets, wanted]);
  return (
    <Sheet
      title={`Assets: ${found.length === assets.length ? '' : `${found.length} of `}${assets.length}`}
      aside={
        <input
          type="search"
          className="input find"
          placeholder="Find an asset  /"
          aria-label="Find an asset"
          value={wanted}
          onChange={(event) => setQuery({ find: event.target.value })}
        />
      }
    >
      {found.length === 0 ? (
        <p className="empty">No asset is named so.</p>
      ) : (
        <AssetTable assets={found.slice(0, shown)} />
      )}
      {found.length <= shown ? null : (
        <button type="button" className="button plain" onClick={() => setShown(shown + 10 * shownFirst)}>
          Show {count(Math.min(found.length - shown, 10 * shownFirst), 'more', 'more')}
        </button>
      )}
      {excluded.length === 0 ? null : (
        <ul className="small soft left-out">
          {excluded.map(({ asset, reason }) => (
            <li key={asset}>
              <span className="strong">{asset}</span> is left out: {reason}
            </li>
          ))}
        </ul>
      )}
    </Sheet>
  );
}

export function worstFirst(assets: readonly AssetReadiness[], wanted: string): AssetReadiness[] {
  const word = wanted.trim().toLowerCase();
  const ratio = ({ rpoSeconds, rpoTargetSeconds }: AssetReadiness): number =>
    rpoSeconds === null ? Infinity : rpoSeconds / (rpoTargetSeconds ?? Infinity);
  return assets
    .filter(({ asset, type, verdict }) => `${asset} ${type} ${verdict}`.toLowerCase().includes(word))
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || ratio(b) - ratio(a));
}

function AssetTable({ assets }: { readonly assets: readonly AssetReadiness[] }): ReactNode {
  return (
    <div className="scroll" tabIndex={-1}>
      <table className="cards assets">
        <thead>
          <tr>
            <th>Asset</th>
            <th className="number">Lost if gone now</th>
            <th className="number">May lose</th>
            <th className="ratio">Against the target</th>
            <th>Verdict</th>
            <th>Verified</th>
            <th>Proven</th>
            <th>Copies</th>
          </tr>
        </thead>
        <tbody>
          {assets.map((asset) => (
            <AssetRow key={asset.asset} asset={asset} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AssetRow({ asset }: { readonly asset: AssetReadiness }): ReactNode {
  const to = `/points?asset=${encodeURIComponent(asset.asset)}`;
  return (
    <tr className="link" onClick={(event) => (event.target instanceof HTMLAnchorElement ? undefined : go(to))}>
      <th scope="row">
        <Link to={to}>{asset.asset}</Link> <span className="soft small">{asset.type}</span>
      </th>
      <td data-label="Lost now" className="number strong" title={asset.rpoHow}>
        {lossText(asset)}
      </td>
      <td data-label="May lose" className="number">
        {targetText(asset)}
      </td>
      <td data-label="Ratio" className="ratio">
        <span className="pair">
          <LossBar asset={asset} />
          <span className="small soft">{ratioText(asset)}</span>
        </span>
      </td>
      <td data-label="Verdict" className="verdict-cell">
        <Word of={asset.verdict} />
      </td>
      <td data-label="Verified" className={asset.verifiedAt === null ? 'warn' : ''}>
        {ago(asset.verifiedAgeSeconds)}
      </td>
      <td data-label="Proven" className={asset.provenAt === null ? 'warn' : ''}>
        {ago(asset.provenAgeSeconds)}
      </td>
      <td data-label="Copies" className="copies">
        {asset.stores.map((store) => (
          <CopyWord key={store.store} of={store} />
        ))}
      </td>
    </tr>
  );
}

function CopyWord({ of: store }: { readonly of: AssetReadiness['stores'][number] }): ReactNode {
  const isLate =
    typeof store.withinSeconds === 'number' && store.lagSeconds !== undefined && store.lagSeconds > store.withinSeconds;
  const trouble = !store.answered ? ', no answer' : store.damaged.length > 0 ? ', damaged' : isLate ? ', late' : '';
  const tone = trouble === '' ? (store.points > 0 ? '' : 'warn') : 'bad';
  return (
    <span className={`tag ${tone}`} title={`${count(store.points, 'point')} in ${store.store}`}>
      {store.store} {store.answered ? store.points : '?'}
      {trouble}
    </span>
  );
}
