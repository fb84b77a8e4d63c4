import { toLifeboatError, type LifeboatError } from '../core/index.ts';
import type { Damage, Point, Repository, VerifyOptions, VerifyResult } from '../repository/index.ts';
import type { Workspace } from './contract.ts';
import { tryExtendLocks } from './retention/locks.ts';
import { isKeptOutside } from './outside-points.ts';
import { proofsOf } from './points.ts';
import { logOfPoints } from './retention/lives.ts';
import { holdersOf, storesOf } from './stores-of.ts';
import { choosePacks, type ReadingBudget } from './verification/budget.ts';
import { judgeDuties, type DutyCheck } from './verification/duties.ts';
import { judgeLogs } from './verification/log-holes.ts';
import { judgeOutside } from './verification/outside.ts';
import { openPackRecord, type PackRead, type PackRecord } from './verification/pack-record.ts';
import { budgetOf, type ReadingAsked } from './verification/asked.ts';

export interface VerifyRequest {
  /** Default: every asset of the plan. */
  readonly assets: readonly string[];
  /** Every byte of every object of the stores, whether a point needs it or not. */
  readonly everything: boolean;
  /** How much of the points is read; default: every byte of them. */
  readonly reading?: ReadingAsked;
  readonly signal?: AbortSignal;
}

export interface StoreVerification {
  readonly store: string;
  readonly ok: boolean;
  /** `sampled`: only some packs were read, those not read for longest. */
  readonly depth: 'structure' | 'sampled' | 'points' | 'everything';
  readonly checked: VerifyResult['checked'];
  readonly damage: readonly Damage[];
  /** What must thaw before it can be read, and the points that need some of it: nothing was proved of them. */
  readonly frozen: VerifyResult['frozen'];
  readonly seconds: number;
}

export interface Verification {
  readonly results: readonly StoreVerification[];
  /** What the policies of the plan ask of their points, each a line with a verdict. */
  readonly checks: readonly DutyCheck[];
  /** Of the stores that could not be opened or asked: nothing is known of what they hold. */
  readonly failures: readonly LifeboatError[];
}

/**
 * Reads back what the stores hold, decrypts and compares, and holds it against what the policies ask: the one way a verification
 * happens. Damage is a result, not an error. A store that does not answer is a failure beside the results of the others. What was
 * read is recorded pack by pack, so that a verification that is stopped or killed can be gone on with.
 */
export async function verify(workspace: Workspace, request: VerifyRequest): Promise<Verification> {
  const results: StoreVerification[] = [];
  const checks: DutyCheck[] = [];
  const failures: LifeboatError[] = [];
  for (const store of storesToVerify(workspace, request)) {
    try {
      const result = await verifyStore(workspace, store, request);
      results.push(result);
      const locks = await tryExtendLocks(workspace, store, request.signal);
      if (locks !== undefined) failures.push(locks);
      checks.push(...(await dutiesIn(workspace, result, request)), ...(await judgeLogs(workspace, store, request)));
    } catch (error) {
      failures.push(toLifeboatError(error));
      if (request.signal?.aborted) break;
    }
  }
  for (const asset of request.assets.length === 0 ? workspace.plan.assets.keys() : request.assets) {
    if (request.signal?.aborted) break;
    try {
      checks.push(...(await judgeOutside(workspace, asset, request.signal)));
    } catch (error) {
      failures.push(toLifeboatError(error));
    }
  }
  return { results, checks, failures };
}

const storesToVerify = (workspace: Workspace, { assets }: VerifyRequest): string[] =>
  assets.length === 0
    ? [...workspace.plan.stores.keys()]
    : [
        ...new Set(
          assets.flatMap((asset) => (isKeptOutside(workspace, asset) ? [] : holdersOf(workspace.plan, asset))),
        ),
      ];

async function verifyStore(workspace: Workspace, store: string, request: VerifyRequest): Promise<StoreVerification> {
  const { clock, journal, progress, stateFolder } = workspace;
  const startedMs = clock.elapsed();
  const budget = budgetOf(workspace, store, request.reading);
  const depth = depthOf(request, budget);
  const begun = { store, depth, assets: request.assets, rest: request.reading === 'rest' };
  const intent = journal.append('verify.started', begun);
  try {
    const repository = await workspace.repository(store);
    const record = openPackRecord(stateFolder, { store, repository: repository.id });
    try {
      const reads = record.all();
      progress.phase(`${store}: reading back`);
      const chosen = await pointsToVerify(repository, request);
      const logs = await logsOf(workspace, store, chosen?.points);
      const result = await repository.verify(
        optionsOf(workspace, request, { depth, budget, record, reads, points: chosen?.points, logs }),
      );
      const damage = [...(chosen?.damage ?? []).filter((item) => !names(result.damage, item)), ...result.damage];
      const seconds = (clock.elapsed() - startedMs) / 1000;
      const { checked, frozen } = result;
      const verified = { store, ok: damage.length === 0, depth, checked, damage, frozen, seconds };
      const isWhole = depth === 'points' || depth === 'everything';
      const proof = {
        ...proofOf(depth, result, reads),
        ...(isWhole ? { logs: logs === undefined ? 'all' : [...logs] } : {}),
      };
      journal.append('verify.finished', { intent: intent.sequence, ...verified, ...proof, tool: workspace.tool });
      return verified;
    } finally {
      record.close();
    }
  } catch (error) {
    journal.append('verify.failed', { intent: intent.sequence, ...begun, error: toLifeboatError(error).toJSON() });
    throw error;
  }
}

function depthOf(
  { everything, reading }: VerifyRequest,
  budget: ReadingBudget | undefined,
): StoreVerification['depth'] {
  if (reading === 'structure') return 'structure';
  if (budget !== undefined) return 'sampled';
  return everything ? 'everything' : 'points';
}

interface Parts {
  readonly depth: StoreVerification['depth'];
  readonly budget: ReadingBudget | undefined;
  readonly record: PackRecord;
  readonly reads: Map<string, PackRead>;
  readonly points: readonly Point[] | undefined;
  /** Ids of the logs that are read; undefined: all. */
  readonly logs: ReadonlySet<string> | undefined;
}

function optionsOf(
  { clock, progress }: Workspace,
  { signal }: VerifyRequest,
  { depth, budget, record, reads, points, logs }: Parts,
): VerifyOptions {
  return {
    depth: depth === 'sampled' ? 'points' : depth,
    progress,
    onPack: ({ id, sound }) => {
      const read = { atMs: clock.now(), sound };
      reads.set(id, read);
      record.note(id, read);
    },
    ...(points === undefined ? {} : { points }),
    ...(logs === undefined ? {} : { logs }),
    ...(signal === undefined ? {} : { signal }),
    ...(budget === undefined
      ? {}
      : {
          choose: (packs) => {
            // Only with every point in view is a pack that is not among them one that is not needed.
            if (points === undefined) record.keepOnly(new Set(packs.map(({ id }) => id)));
            return choosePacks(packs, reads, budget);
          },
        }),
  };
}

/** What the journal may say of each point: whole after all of it was read, or since when all its packs have been read sound. */
function proofOf(
  depth: StoreVerification['depth'],
  { sound, packsOf }: VerifyResult,
  reads: ReadonlyMap<string, PackRead>,
): { sound: string[]; readSince?: Record<string, number> } {
  if (depth === 'points' || depth === 'everything') return { sound };
  if (depth === 'structure') return { sound: [] };
  const since = sound.flatMap((id) => {
    const packs = (packsOf(id) ?? []).map((pack) => reads.get(pack));
    if (packs.length === 0 || packs.some((read) => read?.sound !== true)) return [];
    return [[id, Math.min(...packs.map((read) => read?.atMs ?? 0))] as const];
  });
  return { sound: [], readSince: Object.fromEntries(since) };
}

/** The points of the named assets, with what could not be listed (it may be theirs); undefined: all there are. */
async function pointsToVerify(
  repository: Repository,
  { assets, everything, signal }: VerifyRequest,
): Promise<{ points: Point[]; damage: Damage[] } | undefined> {
  if (everything || assets.length === 0) return undefined;
  const listed = await repository.points({ fresh: true, signal });
  return { points: listed.points.filter((point) => assets.includes(point.asset)), damage: listed.damage };
}

/** The logs that these points lead into; undefined: all there are. */
async function logsOf(
  workspace: Workspace,
  store: string,
  points: readonly Point[] | undefined,
): Promise<Set<string> | undefined> {
  if (points === undefined) return undefined;
  const repository = await workspace.repository(store);
  return new Set(
    points.flatMap(({ asset, facts }) => {
      const source = logOfPoints(workspace, asset)?.baseOf(facts.facts)?.source;
      return source === undefined ? [] : [repository.log(asset, source).id];
    }),
  );
}

const names = (damage: readonly Damage[], item: Damage): boolean => damage.some(({ object }) => object === item.object);

/** The duties of every asset that was asked for and whose policy puts points, or copies of them, into this store. */
async function dutiesIn(
  workspace: Workspace,
  { store, frozen }: StoreVerification,
  { assets }: VerifyRequest,
): Promise<DutyCheck[]> {
  const { plan } = workspace;
  const unread = new Set(frozen.points);
  const asked = [...plan.assets.values()].flatMap(({ name, policy: named }) => {
    const policy = plan.policies.get(named ?? '');
    if (policy?.verifies === undefined || (assets.length > 0 && !assets.includes(name))) return [];
    if (!holdersOf(plan, name).includes(store)) return [];
    return [{ name, policy, lagMs: storesOf(plan, name).includes(store) ? 0 : (policy.copy?.withinMs ?? 0) }];
  });
  if (asked.length === 0) return [];
  const { points } = await (await workspace.repository(store)).points();
  const proofs = proofsOf(workspace);
  return asked.flatMap(({ name, policy, lagMs }) =>
    judgeDuties({
      asset: name,
      store,
      policy,
      lagMs,
      nowMs: workspace.clock.now(),
      unread: frozen,
      points: points
        .filter(({ asset }) => asset === name)
        .map(({ id, atMs, bytes }) => {
          const outcome = proofs.verified.get(id)?.get(store);
          const verifiedMs = outcome?.sound === true ? outcome.atMs : undefined;
          const [damaged, provenMs] = [outcome?.sound === false, proofs.proven.get(id)];
          return { id, atMs, bytes, verifiedMs, damaged, provenMs, frozen: unread.has(id) };
        }),
    }),
  );
}
