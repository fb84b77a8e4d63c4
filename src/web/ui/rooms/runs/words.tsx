import type { ReactNode } from 'react';
import type { Run } from '../../../../api/contract/index.ts';
import { Word } from '../../parts/parts.tsx';

const words: Readonly<Record<Run['verdict'], string>> = {
  done: 'done',
  failed: 'failed',
  'needs-human': 'waits for a person',
  cancelled: 'cancelled',
  paused: 'paused',
  unfinished: 'under way',
};

/** The verdict as the command line says it. */
export const VerdictWord = ({ of }: { readonly of: Run['verdict'] }): ReactNode => (
  <Word of={of === 'unfinished' ? 'running' : of} say={words[of]} />
);
