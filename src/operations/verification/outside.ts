import type { Policy } from '../../plan/index.ts';
import type { Workspace } from '../contract.ts';
import { outsidePoints } from '../outside-points.ts';
import { judgeDuties, type DutyCheck, type DutyName } from './duties.ts';

/** What can be asked of copies that others make; that they are whole their keeper and the reading of the newest say. */
const askedOutside: readonly string[] = ['exists', 'age', 'count', 'restores'] satisfies DutyName[];

/**
 * Judges copies that others make and keep: their keeper's own verification, the newest copy read to its end, and what the policy asks of
 * age and number. Nothing for an asset whose points are ours.
 */
export async function judgeOutside(workspace: Workspace, name: string, signal?: AbortSignal): Promise<DutyCheck[]> {
  const points = await outsidePoints(workspace, name, signal);
  if (points === undefined) return [];
  const { journal, plan, progress, clock } = workspace;
  const store = points.at(-1)?.stores[0] ?? 'where others keep them';
  const intent = journal.append('verify.started', { store, assets: [name], depth: 'outside' });
  progress.phase(`${name}: asking those who keep its copies`);
  const own = await workspace.asset(name).check('source', [], signal === undefined ? {} : { signal });
  const kept = own.map(({ name: check, ok, observed }): DutyCheck => ({
    asset: name,
    store,
    check: 'kept',
    verdict: ok ? 'ok' : 'failed',
    words: `${check}: ${observed}`,
  }));
  const policy = policyOf(workspace, plan.assets.get(name)?.policy);
  const asked =
    policy === undefined
      ? []
      : judgeDuties({
          asset: name,
          store,
          policy,
          lagMs: 0,
          nowMs: clock.now(),
          points: points.map(({ point: { id, atMs, bytes } }) => ({
            id,
            atMs,
            bytes,
            verifiedMs: undefined,
            damaged: false,
            provenMs: provenMs(workspace, id),
          })),
        });
  const checks = [...kept, ...asked];
  journal.append('verify.outside', { intent: intent.sequence, asset: name, store, checks });
  return checks;
}

function policyOf({ plan }: Workspace, name: string | undefined): Policy | undefined {
  const policy = name === undefined ? undefined : plan.policies.get(name);
  if (policy?.verifies === undefined) return undefined;
  const { readEverythingMs: _, ...verifies } = policy.verifies;
  const asks = (verifies.asks ?? ['exists', 'count']).filter((one) => askedOutside.includes(one));
  return { ...policy, verifies: { ...verifies, asks } };
}

const provenMs = ({ journal }: Workspace, point: string): number | undefined =>
  journal.records({ kinds: ['restore.finished'] }).findLast(({ data }) => data['point'] === point)?.atMs;
