import type { ReactNode } from 'react';
import type { StandbyReadiness } from '../../../../api/contract/index.ts';
import { ago, formatBytes, seconds } from '../../data/words.ts';
import { Sheet, Word } from '../../parts/parts.tsx';

/** Which word of the interface a state is told by: what does not follow is no standby. */
const toneOf: Readonly<Record<StandbyReadiness['state'], string>> = {
  following: 'ok',
  starting: 'running',
  seeding: 'running',
  waiting: 'breached',
  silent: 'breached',
};

/** Copies that follow the log in a store, kept on this machine; nothing where there are none. */
export function Standbys({ standbys }: { readonly standbys: readonly StandbyReadiness[] }): ReactNode {
  if (standbys.length === 0) return null;
  return (
    <Sheet title="Warm standbys" aside={<span className="soft small">kept on this machine</span>}>
      <ul className="lines">
        {standbys.map((standby) => (
          <Standby key={standby.asset} of={standby} />
        ))}
      </ul>
    </Sheet>
  );
}

function Standby({
  of: { asset, target, store, state, seenAgeSeconds, ...behind },
}: {
  readonly of: StandbyReadiness;
}): ReactNode {
  const { behindBytes, behindSeconds, reason } = behind;
  const lag =
    behindBytes === null ? 'how far is not known' : `${formatBytes(behindBytes)}, ${seconds(behindSeconds)} behind`;
  return (
    <li>
      <div className="row between">
        <span>
          <span className="strong">{asset}</span> <span className="small soft">{target}</span>
        </span>
        <Word of={toneOf[state]} say={state} />
      </div>
      <p className="small soft">
        {store === null ? '' : `from ${store}: `}
        {behindBytes === 0 ? 'has all of it' : lag}, said {ago(seenAgeSeconds)}
      </p>
      {reason === null ? null : <p className="small">{reason}</p>}
    </li>
  );
}
