import { z } from 'zod';
import { LifeboatError, plainEnvironment } from '../../core/index.ts';
import type { StepContext } from '../step.ts';

/** A cluster as its own tools call it. */
export interface ClusterPlace {
  readonly context: string;
  readonly namespace: string | undefined;
}

/**
 * Which cluster it is, by name: whatever cluster a tool happens to point at is how the wrong one is changed. Throws `plan.unknown_name`,
 * `plan.not_executable`.
 */
export function clusterOf(
  { cluster, namespace }: { readonly cluster?: string | undefined; readonly namespace?: string | undefined },
  { plan, environment }: Pick<StepContext, 'plan' | 'environment'>,
): ClusterPlace {
  const here = plan.environments.get(environment.name);
  const name = cluster ?? here?.cluster;
  const hint = 'Say it: clusters: { NAME: { context: … } }, and cluster: NAME in the step or the environment.';
  if (name === undefined)
    throw new LifeboatError('plan.not_executable', `nothing says which cluster is meant in ${environment.name}`, {
      hint,
    });
  const declared = plan.clusters.get(name);
  if (declared === undefined) throw new LifeboatError('plan.unknown_name', `the plan has no cluster ${name}`, { hint });
  if (declared.context === undefined)
    throw new LifeboatError('plan.not_executable', `nothing says what the tools call the cluster ${name}`, { hint });
  return { context: declared.context, namespace: namespace ?? here?.namespace };
}

/** What kubectl is given: a clean environment, and where its settings stand, if that is said here. */
export function kubectlEnvironment(): Record<string, string> {
  const { KUBECONFIG } = process.env;
  return plainEnvironment(KUBECONFIG === undefined ? {} : { KUBECONFIG });
}

const node = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).optional(),
  }),
});
const nodes = z.union([
  z.looseObject({ kind: z.literal('List'), items: z.array(node) }),
  node.transform((one) => ({ items: [one] })),
]);

/** The words by which kubectl tells of nodes, as JSON; of none that is there it says nothing. */
export const askNodes = (names: readonly string[]): readonly string[] => [
  'get',
  'node',
  ...names,
  '--ignore-not-found',
];

/**
 * Of these nodes those of which nobody knows what still runs there, in words. A pod that is not listed any more has ended where its node is in touch: the
 * kubelet of that has ended it, or ends what is listed no more. Of one that is away it was struck off without a word from there (`delete --force`).
 * Throws `target.unreadable`.
 */
export function awayIn(said: unknown, names: readonly string[]): ReadonlyMap<string, string> {
  const found = said === undefined ? { items: [] } : nodes.safeParse(said).data;
  if (found === undefined)
    throw new LifeboatError('target.unreadable', 'what kubectl says of nodes is not as it is documented');
  const away = new Map<string, string>();
  for (const name of names) {
    const seen = found.items.find(({ metadata }) => metadata.name === name);
    const is = (seen?.status.conditions ?? []).find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
    if (seen === undefined) away.set(name, `${name}, which is not in the cluster any more`);
    else if (is !== 'True') away.set(name, `${name}, which is not ready (${is})`);
  }
  return away;
}
