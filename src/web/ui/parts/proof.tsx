import type { ReactNode } from 'react';
import type { AssetReadiness, ScenarioReadiness } from '../../../api/contract/index.ts';
import { formatDuration, seconds } from '../data/words.ts';

type Level = ScenarioReadiness['level'];
const levels: readonly Level[] = ['declared', 'checked', 'protected', 'verified', 'restored', 'rehearsed'];

/** How far something is proven: six steps, and the word. */
export function Ladder({ level }: { readonly level: Level }): ReactNode {
  const reached = levels.indexOf(level);
  return (
    <span className="nowrap">
      <span className={`ladder l${reached}`} aria-hidden="true">
        {levels.map((one, at) => (
          <i key={one} className={at <= reached ? 'on' : ''} />
        ))}
      </span>
      <span className="strong">{level}</span>
    </span>
  );
}

interface Loss {
  readonly rpoSeconds: number | null;
  readonly rpoAtMost?: boolean | undefined;
}

/** What would be lost if the source were gone now, as the command line says it. */
export const lossText = ({ rpoSeconds, rpoAtMost }: Loss): string =>
  rpoSeconds === null
    ? 'everything'
    : rpoSeconds === 0
      ? 'nothing'
      : `${rpoAtMost === true ? '≤ ' : ''}${formatDuration(rpoSeconds * 1000)}`;

const bands = { '<1': 'b1', '≤2': 'b2', '≤4': 'b4', '>4': 'b5' } as const;

/** Four times the target is the whole width, and the mark is the target. */
export function LossBar({ asset }: { readonly asset: AssetReadiness }): ReactNode {
  const { rpoSeconds, rpoTargetSeconds, band } = asset;
  if (rpoTargetSeconds === null || rpoTargetSeconds === 0) return null;
  const share = rpoSeconds === null ? 1 : Math.min(1, rpoSeconds / rpoTargetSeconds / 4);
  return (
    <span className={`bar ${rpoSeconds === null ? 'b5' : bands[band ?? '<1']}`} aria-hidden="true">
      <i style={{ width: `${Math.max(share * 100, rpoSeconds === 0 ? 0 : 1)}%` }} />
      <b />
    </span>
  );
}

/** How often the loss fits into what is allowed; `0.4 ×`. */
export function ratioText({ rpoSeconds, rpoTargetSeconds }: AssetReadiness): string {
  if (rpoSeconds === null || rpoTargetSeconds === null || rpoTargetSeconds === 0) return '';
  const ratio = rpoSeconds / rpoTargetSeconds;
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en')} ×`;
}

export const targetText = ({ rpoTargetSeconds }: AssetReadiness): string => seconds(rpoTargetSeconds, 'not said');
