import { toLifeboatError } from '../../../core/index.ts';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import { openFences } from '../../hands/fences/open.ts';
import { stateOfServer, tryWrite, type ServerState } from '../../hands/standby.ts';
import type { StepContext } from '../../step.ts';

/** What is known of the server that took the writes so far. */
export interface OldPrimary {
  /** Undefined when it does not answer: that says nothing about whether somebody else reaches it. */
  readonly state: ServerState | undefined;
  /** A write was tried there now, and taken. */
  readonly takesWrites: boolean;
  /** A step of this run has fenced it, whether that holds or not. */
  readonly wasFenced: boolean;
  /** Proofs of this run that hold, asked again now. */
  readonly proofs: readonly FenceRecord[];
  /** Why others do not. */
  readonly doubts: readonly string[];
}

/** Asks the old primary, and each fence that this run put up around it, now and not when it was put up. */
export async function askOldPrimary(asset: string, url: string, context: StepContext): Promise<OldPrimary> {
  const proofs: FenceRecord[] = [];
  const doubts: string[] = [];
  const fences = fencesAround(asset, context);
  const wasFenced = fences.length > 0;
  for (const record of fences) {
    const doubt = await proveAgain(record, context);
    if (doubt === undefined) proofs.push(record);
    else doubts.push(doubt);
  }
  try {
    const state = await stateOfServer(url, context.signal);
    return {
      state,
      takesWrites: !state.inRecovery && (await tryWrite(url, context.signal)) === 'taken',
      wasFenced,
      proofs,
      doubts,
    };
  } catch (error) {
    return {
      state: undefined,
      takesWrites: false,
      wasFenced,
      proofs,
      doubts: [...doubts, toLifeboatError(error).message],
    };
  }
}

/** Only where it was proved: elsewhere the same question is about something else, and its answer proves nothing. */
async function proveAgain(record: FenceRecord, context: StepContext): Promise<string | undefined> {
  const { what, settings, before, where } = record;
  try {
    const environment = where === undefined ? undefined : context.place(where.environment);
    if (where?.host !== context.here.host || environment === undefined)
      return `${what} was fenced ${shownPlace(where)}, and that cannot be asked again from ${context.here.host}`;
    const fences = await openFences(settings, { ...context, environment });
    if ('outside' in fences) return fences.outside;
    const own = fences.filter((fence) => fence.what === what);
    const proofs = await Promise.all(own.map((fence) => fence.prove(before)));
    return proofs.find(({ state }) => state !== 'proved')?.text;
  } catch (error) {
    return toLifeboatError(error).message;
  }
}

const shownPlace = (where: FenceRecord['where']): string =>
  where === undefined ? 'at a place that its record does not name' : `in ${where.environment} on ${where.host}`;

/** What steps of this run put up around an asset. */
export function fencesAround(asset: string, context: StepContext): FenceRecord[] {
  return [...context.given().values()]
    .flatMap(({ fenced }) => (Array.isArray(fenced) ? (fenced as FenceRecord[]) : []))
    .filter(({ what }) => what === `asset:${asset}`);
}
