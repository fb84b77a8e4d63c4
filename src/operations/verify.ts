import { toLifeboatError, type LifeboatError } from '../core/index.ts';
import type { Damage, Point, Repository, VerifyResult } from '../repository/index.ts';
import type { Workspace } from './contract.ts';
import { holdersOf } from './stores-of.ts';

export interface VerifyRequest {
  /** Default: every asset of the plan. */
  readonly assets: readonly string[];
  /** Every byte of every object of the stores, whether a point needs it or not. */
  readonly everything: boolean;
  readonly signal?: AbortSignal;
}

export interface StoreVerification {
  readonly store: string;
  readonly ok: boolean;
  readonly checked: VerifyResult['checked'];
  readonly damage: readonly Damage[];
  readonly seconds: number;
}

export interface Verification {
  readonly results: readonly StoreVerification[];
  /** Of the stores that could not be opened or asked: nothing is known of what they hold. */
  readonly failures: readonly LifeboatError[];
}

/**
 * Reads back what the stores hold, decrypts and compares: the one way a verification happens. Damage is a result, not an error.
 * A store that does not answer is a failure beside the results of the others.
 */
export async function verify(workspace: Workspace, request: VerifyRequest): Promise<Verification> {
  const results: StoreVerification[] = [];
  const failures: LifeboatError[] = [];
  for (const store of storesToVerify(workspace, request)) {
    try {
      results.push(await verifyStore(workspace, store, request));
    } catch (error) {
      failures.push(toLifeboatError(error));
      if (request.signal?.aborted) break;
    }
  }
  return { results, failures };
}

const storesToVerify = ({ plan }: Workspace, { assets }: VerifyRequest): string[] =>
  assets.length === 0 ? [...plan.stores.keys()] : [...new Set(assets.flatMap((asset) => holdersOf(plan, asset)))];

async function verifyStore(workspace: Workspace, store: string, request: VerifyRequest): Promise<StoreVerification> {
  const { clock, journal, progress } = workspace;
  const { signal } = request;
  const depth = request.everything ? 'everything' : 'points';
  const startedMs = clock.elapsed();
  const intent = journal.append('verify.started', { store, depth, assets: request.assets });
  try {
    const repository = await workspace.repository(store);
    progress.phase(`${store}: reading back`);
    const chosen = await pointsToVerify(repository, request);
    const result = await repository.verify({
      depth,
      progress,
      ...(chosen === undefined ? {} : { points: chosen.points }),
      ...(signal === undefined ? {} : { signal }),
    });
    const damage = [...(chosen?.damage ?? []).filter((item) => !names(result.damage, item)), ...result.damage];
    const seconds = (clock.elapsed() - startedMs) / 1000;
    const verified = { store, ok: damage.length === 0, checked: result.checked, damage, seconds };
    journal.append('verify.finished', { intent: intent.sequence, depth, ...verified, sound: result.sound });
    return verified;
  } catch (error) {
    journal.append('verify.failed', { intent: intent.sequence, store, error: toLifeboatError(error).toJSON() });
    throw error;
  }
}

/** The points of the named assets, with what could not be listed (it may be theirs); undefined: all there are. */
async function pointsToVerify(
  repository: Repository,
  { assets, everything, signal }: VerifyRequest,
): Promise<{ points: Point[]; damage: Damage[] } | undefined> {
  if (everything || assets.length === 0) return undefined;
  const listed = await repository.points(signal === undefined ? {} : { signal });
  return { points: listed.points.filter((point) => assets.includes(point.asset)), damage: listed.damage };
}

const names = (damage: readonly Damage[], item: Damage): boolean => damage.some(({ object }) => object === item.object);
