import type { ReactNode } from 'react';
import type { Key, Store } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useKeys, useStores } from '../../data/queries.ts';
import { ago, count, formatBytes, seconds } from '../../data/words.ts';
import { RoomHead, Sheet, Trouble, Waiting, Word } from '../../parts/parts.tsx';

/** Where the copies are, whether each place answers, and who can open them. */
export default function StoresRoom(): ReactNode {
  const stores = useStores();
  const keys = useKeys();
  return (
    <>
      <RoomHead title="Stores and keys" />
      <div className="stack">
        {stores.data === undefined ? (
          <Waiting answer={stores} what="the stores" />
        ) : (
          <Sheet title="Stores">
            <StoreTable stores={stores.data.stores} />
          </Sheet>
        )}
        {keys.data === undefined ? (
          <Waiting answer={keys} what="the keys" />
        ) : (
          <Sheet title="Keys" aside={<span className="soft small">who can open the copies; never a secret</span>}>
            <KeyTable keys={keys.data.keys} />
          </Sheet>
        )}
      </div>
    </>
  );
}

function StoreTable({ stores }: { readonly stores: readonly Store[] }): ReactNode {
  const now = useNow(10_000);
  return (
    <>
      <table className="cards">
        <thead>
          <tr>
            <th>Store</th>
            <th>Answers</th>
            <th>Domain</th>
            <th className="number">Points</th>
            <th className="number">Assets</th>
            <th className="number">Stored</th>
            <th>Newest</th>
            <th>Lock</th>
            <th>Where</th>
          </tr>
        </thead>
        <tbody>
          {stores.map((store) => (
            <tr key={store.store}>
              <th scope="row">
                {store.store} <span className="soft small">{store.type}</span>
              </th>
              <td data-label="Answers">
                <Word of={store.answered ? 'ok' : 'failed'} say={store.answered ? 'yes' : 'no answer'} />
                {store.damaged === 0 ? null : ' '}
                {store.damaged === 0 ? null : <span className="tag bad">{count(store.damaged, 'damaged point')}</span>}
              </td>
              <td data-label="Domain">{store.domain ?? 'not said'}</td>
              <td data-label="Points" className="number">
                {store.answered ? store.points.toLocaleString('en') : '?'}
              </td>
              <td data-label="Assets" className="number">
                {store.answered ? store.assets : '?'}
              </td>
              <td data-label="Stored" className="number">
                {store.answered ? formatBytes(store.storedBytes) : '?'}
              </td>
              <td data-label="Newest">
                {ago(store.newestAt === null ? null : (now - Date.parse(store.newestAt)) / 1000)}
              </td>
              <td data-label="Lock">{seconds(store.lockSeconds, 'none')}</td>
              <td data-label="Where" className="small">
                {store.location === null ? '' : <code>{store.location}</code>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {stores.map(({ store, error }) => (
        <Trouble key={store} error={error === null ? null : { ...error, message: `${store}: ${error.message}` }} />
      ))}
    </>
  );
}

function KeyTable({ keys }: { readonly keys: readonly Key[] }): ReactNode {
  const now = useNow(10_000);
  if (keys.length === 0) return <p className="empty">The plan names no key.</p>;
  return (
    <table className="cards">
      <thead>
        <tr>
          <th>Key</th>
          <th>Tested</th>
          <th>Which was tried</th>
          <th>Opened by</th>
          <th>Domain</th>
          <th>Shares</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.key}>
            <th scope="row">{key.key}</th>
            <td data-label="Tested">
              {key.testedAt === null ? (
                <>
                  <Word of="unknown" say="never" /> <code className="small">lifeboat keys test {key.key}</code>
                </>
              ) : (
                ago((now - Date.parse(key.testedAt)) / 1000)
              )}
            </td>
            <td data-label="Which">
              {key.testedAt === null
                ? ''
                : key.escrowed === true
                  ? 'as given, from the safe'
                  : 'that of this machine only'}
            </td>
            <td data-label="Opened by">{[...key.kinds, ...key.recipients].join(', ')}</td>
            <td data-label="Domain">{key.domain ?? 'not said'}</td>
            <td data-label="Shares">
              {key.shares === null
                ? 'none'
                : `${key.shares.needed} of ${key.shares.of}: ${key.shares.holders.join(', ')}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
