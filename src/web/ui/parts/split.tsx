import type { ReactNode } from 'react';
import { seconds } from '../data/words.ts';

const words = {
  detect: 'detect',
  decide: 'decide',
  execute: 'execute',
  verify: 'verify',
  people: 'waiting for people',
  window: 'waiting for a window',
} as const;

export type Spent = Readonly<Record<keyof typeof words, number>>;

/** Where the time of a recovery went, drawn to scale and said in words. A wait that there was none of is not listed. */
export function Split({ of: spent }: { readonly of: Spent }): ReactNode {
  const parts = (Object.keys(words) as (keyof typeof words)[]).map((name) => [name, spent[name]] as const);
  const sum = parts.reduce((total, [, part]) => total + part, 0);
  if (sum === 0) return null;
  return (
    <>
      <div className="split" aria-hidden="true">
        {parts.map(([name, part]) => (
          <i key={name} className={name} style={{ width: `${(part / sum) * 100}%` }} />
        ))}
      </div>
      <ul className="split-legend small">
        {parts
          .filter(([name, part]) => part > 0 || (name !== 'people' && name !== 'window'))
          .map(([name, part]) => (
            <li key={name}>
              <i className={name} aria-hidden="true" /> {words[name]} <span className="strong">{seconds(part)}</span>
            </li>
          ))}
      </ul>
    </>
  );
}
