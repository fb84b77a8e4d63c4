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
