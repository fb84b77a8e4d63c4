import { formatBytes } from '../../../core/index.ts';
import { positionText } from '../../hands/standby.ts';
import { lastWords, type Asked, type Said } from '../../people/index.ts';
import type { StepContext, StepOutcome } from '../../step.ts';
import type { OldPrimary } from './fenced.ts';

/** What speaks against it: two servers that take writes, strangers, or a fence that nothing proves and nobody answers for. */
export function whyNot(
  { asset, waiver: by = [] }: { readonly asset: string; readonly waiver?: readonly string[] | undefined },
  old: OldPrimary,
  /** Of the standby: the name of its cluster. */
  systemId: string,
  waiver: Said | undefined,
): StepOutcome | undefined {
  if (old.state !== undefined && old.state.systemId !== systemId)
    return refused(`the standby is no copy of ${asset}: ${systemId} is not ${old.state.systemId}`);
  // Only who revokes lets superusers, and so this very trial, through.
  const isRevoked = old.proofs.some(({ how }) => how === 'revoke');
  if (old.takesWrites && !isRevoked)
    return refused(`the old server of ${asset} takes writes: a write was tried there now, and taken`, {
      hint: old.wasFenced
        ? 'It was fenced, and somebody started it or let writers in again: find out who, stop it, then go on with the run.'
        : fenceFirst,
    });
  if (old.proofs.length > 0 || waiver?.word === 'attest') return undefined;
  const asks: Asked = {
    word: 'attest',
    by,
    round: 1,
    count: 1,
    inputs: { answers_for: { type: 'text', about: 'Why nobody writes to the old server, and never will again' } },
  };
  if (waiver !== undefined) return { ...refused(`${waiver.as} does not answer for it`), asks } as StepOutcome;
  const seen = old.doubts.length === 0 ? 'no step of this run fenced it' : old.doubts.join('; ');
  const question = `Nothing proves that nobody writes to the old server of ${asset} (${seen}). If somebody does, both will have what the other lacks. Do you answer for it?`;
  return { state: 'needs-human', question, asks };
}

export const waiverOf = (context: Pick<StepContext, 'said'>): Said | undefined => lastWords(context.said(), 1).at(-1);

/** Compared with what the old one has written, where it could still be asked. */
export function lossOf(written: bigint | undefined, had: bigint, lastCommitAt: string | undefined): string {
  if (written !== undefined) {
    const bytes = written - had;
    return bytes <= 0n
      ? 'nothing is lost'
      : `${formatBytes(Number(bytes))} of log are lost (to ${positionText(written)})`;
  }
  const last = lastCommitAt === undefined ? '' : `; the last commit it has is of ${lastCommitAt}`;
  return `what the old one wrote after ${positionText(had)} is unknown${last}`;
}

const fenceFirst = 'Fence the old server (stop, read-only or revoke) in a step before this one.';

export const refused = (
  summary: string,
  { hint } = { hint: fenceFirst },
): Extract<StepOutcome, { state: 'failed' }> => ({
  state: 'failed',
  code: 'promote.refused',
  summary,
  hint,
});
