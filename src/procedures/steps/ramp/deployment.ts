import { z } from 'zod';
import {
  endProcesses,
  formatDuration,
  LifeboatError,
  limits,
  redact,
  runProcess,
  stepMark,
} from '../../../core/index.ts';
import { clusterOf, kubectlEnvironment } from '../../hands/cluster.ts';
import type { StepContext, StepInput } from '../../step.ts';
import type { OpenedGate } from './gate.ts';
import type { Settings } from './settings.ts';
import { availableMs } from './watch.ts';

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ generation: z.number().optional() }),
  spec: z.looseObject({ replicas: z.int() }),
  status: z
    .looseObject({ observedGeneration: z.number().optional(), availableReplicas: z.int().optional() })
    .optional(),
});
type Deployment = z.infer<typeof deploymentSchema>;

/**
 * A share of a service in a cluster is so many of its `replicas`, rounded up. Each share is let in when the cluster says that all of them are
 * available; replicas that never are, as those of an image that does not start, are red. Throws `plan.not_executable` where nothing says which cluster is meant.
 */
export function openDeployment(input: StepInput<Settings>, replicas: number, context: StepContext): OpenedGate {
  if (context.mode === 'drill') return { outside: 'the cluster is outside the bubble' };
  const { service, deployment: name = service } = input.settings;
  const place = clusterOf({}, context);
  const kubectl = async (words: readonly string[]): Promise<string> => {
    const where = place.namespace === undefined ? [] : [`--namespace=${place.namespace}`];
    const { exitCode, stdout, stderr } = await runProcess(
      ['kubectl', ...words, `--context=${place.context}`, ...where, '--output=json'],
      {
        signal: context.signal,
        env: { ...kubectlEnvironment(), ...stepMark(input.key) },
        timeoutMs: limits.serverAnswerMs,
      },
    );
    if (exitCode === 0) return stdout;
    throw new LifeboatError('target.refused', redact(`kubectl ${words[0]} ${name}: ${stderr.trim().slice(-300)}`));
  };
  const read = async (): Promise<Deployment> => {
    const found = deploymentSchema.safeParse(jsonOf(await kubectl(['get', `deployment/${name}`])));
    if (found.success) return found.data;
    throw new LifeboatError('target.unreadable', `what kubectl says of deployment/${name} is not as it is documented`);
  };
  const countOf = (share: number): number => Math.ceil((share * replicas) / 100);
  const mustBeOurs = ({ spec }: Deployment, image: unknown): void => {
    const known = [image, ...Array.from({ length: replicas + 1 }, (_, count) => count)];
    if (known.includes(spec.replicas)) return;
    throw new LifeboatError(
      'switch.changed',
      `deployment/${name} has ${spec.replicas} replicas, which this ramp never gave it`,
      { hint: 'Find out who changed it and what it should be; then go on with the run.' },
    );
  };
  const scale = async (count: number, image: unknown): Promise<void> => {
    mustBeOurs(await read(), image);
    await context.mustHold();
    await kubectl(['patch', `deployment/${name}`, '--type=merge', `--patch={"spec":{"replicas":${count}}}`]);
  };
  const untilReady = async (count: number): Promise<string | undefined> => {
    const { clock, signal } = context;
    const patienceMs = availableMs(input.settings);
    const endMs = clock.elapsed() + patienceMs;
    for (;;) {
      const seen = await read().catch((error: unknown) => unanswered(error, signal));
      if (typeof seen !== 'string' && isReady(seen, count)) return undefined;
      if (clock.elapsed() >= endMs)
        return typeof seen === 'string' ? seen : `${availableOf(seen, count)} after ${formatDuration(patienceMs)}`;
      await clock.sleep(limits.provisionLookMs, signal);
    }
  };
  return {
    shown: `the replicas of deployment/${name} in ${place.context}`,
    image: async () => (await read()).spec.replicas,
    divides: () => replicas > 1,
    set: (share, image) => scale(countOf(share), image),
    letIn: (share) => untilReady(countOf(share)),
    back: async (image) => {
      await scale(Number(image), image);
      await untilReady(Number(image)); // whether it is back is asked anew by `isBack`
    },
    isAt: async (share) => isReady(await read(), countOf(share)),
    isBack: async (image) => isReady(await read(), Number(image)),
    settle: async () => (await endProcesses(({ mark }) => mark === input.key)) !== undefined,
  };
}

/** All of them, and none beside, by settings that its controller has seen. */
const isReady = ({ metadata, spec, status = {} }: Deployment, count: number): boolean =>
  spec.replicas === count &&
  (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
  (status.availableReplicas ?? 0) === count;

const availableOf = ({ status = {} }: Deployment, count: number): string =>
  `${status.availableReplicas ?? 0} of ${count} replicas are available`;

/** A cluster that does not answer for a moment is asked again; this is what it said. */
function unanswered(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  if (error instanceof LifeboatError) return error.message;
  throw error;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what is no JSON is not as it is documented: whoever reads it says so
  }
}
