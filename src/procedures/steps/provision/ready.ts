import { z } from 'zod';

/** An object as a cluster has it: only what readiness is read from. */
export const clusterObject = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional(), generation: z.number().optional() }),
  spec: z.looseObject({}).optional(),
  status: z.looseObject({}).optional(),
});
export type ClusterObject = z.infer<typeof clusterObject>;

export const nameOfObject = ({ kind, metadata: { name } }: ClusterObject): string => `${kind}/${name}`;

/** What an object still lacks; undefined: it is as far as its kind can be. A kind without a status of its own is there when it exists. */
export function lacking(object: ClusterObject): string | undefined {
  const status: Record<string, unknown> = object.status ?? {};
  const number = (key: string): number => (typeof status[key] === 'number' ? status[key] : 0);
  const wanted = typeof object.spec?.['replicas'] === 'number' ? object.spec['replicas'] : 1;
  const seen = (): boolean => number('observedGeneration') >= (object.metadata.generation ?? 0);
  const replicas = (updated: number, ready: number, of: number): string | undefined => {
    if (!seen()) return 'its new settings were not seen yet';
    if (updated < of) return `${updated} of ${of} are new`;
    return ready < of ? `${ready} of ${of} are ready` : undefined;
  };
  switch (object.kind) {
    case 'Deployment':
      return (
        replicas(number('updatedReplicas'), number('availableReplicas'), wanted) ?? rest(number('replicas'), wanted)
      );
    case 'StatefulSet':
      return replicas(number('updatedReplicas'), number('readyReplicas'), wanted);
    case 'DaemonSet':
      return replicas(number('updatedNumberScheduled'), number('numberAvailable'), number('desiredNumberScheduled'));
    case 'Job':
      return conditionOf(status, 'Failed') ? 'it failed' : conditionOf(status, 'Complete') ? undefined : 'it runs';
    case 'Pod':
      return conditionOf(status, 'Ready') || status['phase'] === 'Succeeded'
        ? undefined
        : `it is ${String(status['phase'])}`;
    case 'Namespace':
      return status['phase'] === 'Active' ? undefined : `it is ${String(status['phase'])}`;
    case 'CustomResourceDefinition':
      return conditionOf(status, 'Established') ? undefined : 'it is not established';
    case 'Certificate':
    case 'Issuer':
    case 'ClusterIssuer':
      return conditionOf(status, 'Ready') ? undefined : 'it is not ready';
    default:
      return undefined;
  }
}

/** Old ones that have not ended yet still serve old settings. */
const rest = (all: number, wanted: number): string | undefined =>
  all > wanted ? `${all - wanted} old ones have not ended` : undefined;

function conditionOf(status: Readonly<Record<string, unknown>>, type: string): boolean {
  const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  return conditions.some((one) => {
    const { type: is, status: value } = (one ?? {}) as { type?: unknown; status?: unknown };
    return is === type && value === 'True';
  });
}
