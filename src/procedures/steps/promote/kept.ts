import type { Promotion } from '../../../assets/index.ts';
import { isoTime } from '../../../core/index.ts';
import { withCredentials } from '../../hands/credentials.ts';
import { serverUrlOf, shownServer } from '../../hands/postgres.ts';
import { positionOf, stateOfServer, tryWrite } from '../../hands/standby.ts';
import type { StepContext, StepInput, StepOutcome, StepPreview, StepProof } from '../../step.ts';
import { askOldPrimary } from './fenced.ts';
import { liftInherited } from './inherited.ts';
import { lossOf, refused, waiverOf, whyNot } from './judge.ts';

interface Kept {
  readonly asset: string;
  readonly waiver?: readonly string[] | undefined;
  readonly folder: string;
}
type Input = Pick<StepInput<unknown>, 'remembered' | 'outputs'>;

export async function describeKept({ asset, folder }: Kept, context: StepContext): Promise<StepPreview> {
  const { source, promoted } = await context.keptStandby(asset, folder);
  if (source !== undefined)
    return {
      certainty: 'predicted',
      text: `${folder} is a standby fed from a store; needs a proved fence of the old one`,
    };
  const why = promoted === undefined ? 'is no standby now, and `lifeboat standby` makes one' : 'takes writes already';
  return { certainty: 'unknown', text: `${folder} ${why}` };
}

/**
 * A standby that is fed from a store is promoted by the one operation that does it (`operations/promote-standby`), which has all that is in the store
 * replayed first. What is judged before is the same as for every other standby.
 */
export async function promoteKept(kept: Kept, input: Input, context: StepContext): Promise<StepOutcome> {
  const { asset, folder } = kept;
  const { source, promoted } = await context.keptStandby(asset, folder);
  if (source === undefined) {
    if (promoted !== undefined && wasOrdered(kept, input)) return finish(kept, input, promoted, context);
    return refused(promoted === undefined ? `${folder} is no standby of ${asset}` : `${folder} takes writes already`);
  }
  const old = await askOldPrimary(asset, await serverUrlOf(context.plan, asset), context);
  const waiver = waiverOf(context);
  const stop = whyNot(kept, old, source, waiver);
  if (stop !== undefined) return stop;
  const remembered = {
    folder,
    written: old.state?.written?.toString() ?? null,
    ...(waiver === undefined ? {} : { waivedBy: waiver.as }),
  };
  context.remember(remembered);
  await context.mustHold();
  const { promotion } = await context.promoteStandby({
    asset,
    target: folder,
    ...(old.proofs.length > 0
      ? { proved: true, fencedBy: `a fence of this run: ${old.proofs.map(({ proof }) => proof).join('; ')}` }
      : { fencedBy: `${waiver?.as} answers for it: ${String(waiver?.inputs['answers_for'])}` }),
  });
  for (const warning of promotion.warnings) context.output(`warning: ${warning}`);
  return finish(kept, { ...input, remembered }, promotion, context);
}

/** After a crash. The process that keeps the standby may have promoted it when the one that gave the order was gone. */
export async function inspectKept(
  kept: Kept,
  input: Input,
  context: StepContext,
): Promise<'not-done' | 'unknown' | StepOutcome> {
  if (input.outputs !== undefined) {
    const url = await withCredentials(String(input.outputs['shownUrl']), context.plan, kept.asset);
    return { state: 'done', outputs: { url }, summary: 'still there' };
  }
  const { source, promoted } = await context.keptStandby(kept.asset, kept.folder);
  if (!wasOrdered(kept, input) || source !== undefined) return 'not-done';
  if (promoted === undefined) return 'unknown';
  const url = await withCredentials(promoted.url, context.plan, kept.asset);
  // Promoted, and still behind the fence that it inherited: what is left is done by `run`.
  if ((await tryWrite(url, context.signal)) !== 'taken') return 'not-done';
  return doneOf(kept, input, promoted, url);
}

export async function proveKept(
  { asset, folder }: Kept,
  input: Input,
  context: StepContext,
  is: 'done' | 'undone',
): Promise<StepProof> {
  const shown = input.outputs?.['shownUrl'] ?? (await context.keptStandby(asset, folder)).promoted?.url;
  if (shown === undefined) return { state: 'unknown', text: `${folder} was not promoted` };
  const url = await withCredentials(String(shown), context.plan, asset);
  const { inRecovery, timeline } = await stateOfServer(url, context.signal);
  const text = `${shownServer(url)} ${inRecovery ? 'follows' : 'takes writes'}, timeline ${timeline}`;
  return { state: inRecovery === (is === 'undone') ? 'proved' : 'refuted', text };
}

const wasOrdered = ({ folder }: Kept, { remembered }: Input): boolean => remembered['folder'] === folder;

async function finish(kept: Kept, input: Input, promotion: Promotion, context: StepContext): Promise<StepOutcome> {
  const url = await withCredentials(promotion.url, context.plan, kept.asset);
  await liftInherited(kept.asset, url, context);
  const write = await tryWrite(url, context.signal);
  if (write === 'taken') return doneOf(kept, input, promotion, url);
  return {
    state: 'failed',
    code: 'promote.refused',
    summary: `${kept.folder} was promoted and takes no writes: ${write}`,
    hint: 'Its log file (lifeboat.log in the folder) says why.',
  };
}

function doneOf({ folder }: Kept, { remembered }: Input, promotion: Promotion, url: string): StepOutcome {
  const { written, waivedBy } = remembered;
  const { timeline, reached, newestCommitMs, seconds } = promotion;
  const lastCommitAt = newestCommitMs === undefined ? undefined : isoTime(newestCommitMs);
  const lost = lossOf(typeof written === 'string' ? BigInt(written) : undefined, positionOf(reached), lastCommitAt);
  const who = typeof waivedBy === 'string' ? { waivedBy } : {};
  const outputs = { url, shownUrl: promotion.url, folder, timeline, position: reached, seconds, lost, ...who };
  return { state: 'done', outputs, summary: `${shownServer(url)} takes writes on timeline ${timeline}; ${lost}` };
}
