import type { Newest } from '../assets/index.ts';
import type { CheckResult } from '../checks/index.ts';
import { messageOf } from '../core/index.ts';
import type { RestoreReport, Workspace } from '../operations/index.ts';

export interface Verified {
  readonly checks: readonly (CheckResult & { readonly asset: string })[];
  /** How far each restored copy goes. */
  readonly newest: ReadonlyMap<string, Newest>;
}

/** Asks what was restored once more when the procedure is through: the clock stops at the last green check, not at a belief. */
export async function verifyCopies(
  workspace: Workspace,
  restored: readonly RestoreReport[],
  signal: AbortSignal | undefined,
): Promise<Verified> {
  const checks: (CheckResult & { asset: string })[] = [];
  const newest = new Map<string, Newest>();
  const options = signal === undefined ? {} : { signal };
  for (const { plan, copy } of restored) {
    const { asset: name } = plan.request;
    const of = { url: copy?.url ?? plan.target };
    const asset = workspace.asset(name);
    try {
      const declared = workspace.plan.assets.get(name)?.checks ?? [];
      checks.push(...(await asset.check(of, declared, options)).map((result) => ({ ...result, asset: name })));
      newest.set(name, await asset.newest(of, options));
    } catch (error) {
      const observed = `no answer: ${messageOf(error)}`;
      checks.push({ asset: name, name: `${name} answers`, ok: false, observed, expected: 'an answer', durationMs: 0 });
    }
  }
  return { checks, newest };
}
