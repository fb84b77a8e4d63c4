import type { ReactNode } from 'react';
import type { Run } from '../../../../api/contract/index.ts';
import { dayAndTime, seconds } from '../../data/words.ts';
import { Sheet } from '../../parts/parts.tsx';
import { lostSeconds } from './clock.tsx';

/** From which point each asset came back, and up to when. */
export function Restored({ run }: { readonly run: Run }): ReactNode {
  if (run.restored.length === 0) return null;
  return (
    <Sheet title="What came back">
      <table className="cards">
        <thead>
          <tr>
            <th>Asset</th>
            <th>Up to</th>
            <th className="number">Not back, at most</th>
            <th>From the point of</th>
            <th>Store</th>
            <th>Point</th>
          </tr>
        </thead>
        <tbody>
          {run.restored.map((one) => (
            <tr key={one.step}>
              <th scope="row">{one.asset}</th>
              <td data-label="Up to" className="nowrap">
                {dayAndTime(one.reachedAt ?? one.pointAt)}
              </td>
              <td data-label="Not back" className="number">
                {seconds(lostSeconds(one, run.incident))}
              </td>
              <td data-label="Point of" className="nowrap">
                {dayAndTime(one.pointAt)}
              </td>
              <td data-label="Store">{one.store}</td>
              <td data-label="Point">
                <code>{one.point}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}
