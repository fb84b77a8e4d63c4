import { z } from 'zod';
import { LifeboatError, limits, redact, runProcess, toLifeboatError } from '../../../core/index.ts';
import type { StepContext, StepProof } from '../../step.ts';
import { askNodes, awayIn, clusterOf, kubectlEnvironment } from '../cluster.ts';
import type { Fence } from './fence.ts';

/** What a cluster runs several of, as its tools call it. */
export interface Workload {
  readonly kind: 'deployment' | 'statefulset';
  readonly name: string;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
}

const workloadSchema = z.looseObject({
  metadata: z.looseObject({ generation: z.int().optional() }),
  spec: z.looseObject({
    replicas: z.int(),
    selector: z.strictObject({
      matchLabels: z.record(z.string(), z.string()).optional(),
      matchExpressions: z
        .array(z.strictObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
        .optional(),
    }),
    template: z
      .looseObject({ spec: z.looseObject({ terminationGracePeriodSeconds: z.number().optional() }).optional() })
      .optional(),
  }),
  status: z.looseObject({ observedGeneration: z.int().optional(), readyReplicas: z.int().optional() }).optional(),
});
type Seen = z.infer<typeof workloadSchema>;

const podsSchema = z.looseObject({
  kind: z.string().endsWith('List'),
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), uid: z.string() }),
      spec: z.looseObject({ nodeName: z.string().optional() }).optional(),
      status: z.looseObject({ phase: z.string().optional() }).optional(),
    }),
  ),
});

/** A pod that there was before, and the node that it was on. */
interface Placed {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
}

/**
 * A workload of a cluster at no replicas, and none of its pods left: those that are about to end still count, and those that are struck off the list while
 * their node is away may run on. Taken back it has as many as before, and they are ready. Throws `plan.not_executable`, `plan.unknown_name` where nothing says which cluster is meant.
 */
export function scaleFence(what: string, workload: Workload, context: StepContext): Fence {
  const { clock, signal } = context;
  const place = clusterOf(workload, context);
  const target = `${workload.kind}/${workload.name}`;
  const shown = `${target} in ${place.context}`;
  const ask = (words: readonly string[]): Promise<unknown> => askKubectl(words, place, signal);
  const read = async (): Promise<Seen> => parsed(workloadSchema, await ask(['get', target]), shown);
  const listed = async (seen: Seen): Promise<Listed> =>
    parsed(podsSchema, await ask(['get', 'pods', `--selector=${selectorOf(seen, shown)}`]), shown).items;
  const away = async (pods: readonly Placed[]): Promise<readonly string[]> => {
    if (pods.length === 0) return [];
    const names = [...new Set(pods.map(({ node }) => node))];
    const why = awayIn(await ask(askNodes(names)), names);
    return pods.flatMap(({ name, node }) => (why.has(node) ? [`${name} on ${why.get(node)}`] : []));
  };
  const scale = async (count: number): Promise<void> => {
    await context.mustHold();
    await ask(['patch', target, '--type=merge', `--patch={"spec":{"replicas":${count}}}`]);
  };
  const look = async (before: unknown): Promise<StepProof> => {
    const seen = await read();
    if (seen.spec.replicas !== 0) return { state: 'refuted', text: `${shown} has ${seen.spec.replicas} replicas` };
    const pods = await listed(seen);
    const left = pods.filter(isLeft);
    if (left.length > 0) {
      const lost = await away(placedIn(left)).catch(() => []); // that they are left is known without it
      const names = left.map(({ metadata }) => metadata.name).join(', ');
      const where = lost.length === 0 ? '' : `: ${lost.join(', ')}, cannot end before that is back or known to be off`;
      return { state: 'refuted', text: `${shown} has no replicas, and ${names} still${where}` };
    }
    const struck = placedBefore(before).filter(({ uid }) => pods.every(({ metadata }) => metadata.uid !== uid));
    const lost = await away(struck);
    if (lost.length > 0)
      return {
        state: 'unknown',
        text: `${shown} has no replicas, and nobody knows whether they still run: ${lost.join(', ')}`,
      };
    return isKnown(seen)
      ? { state: 'proved', text: `${shown} has no replicas, and no pod of it is left` }
      : { state: 'unknown', text: `${shown}: its controller has not seen yet that it has no replicas` };
  };
  const lookLifted = async (before: unknown): Promise<StepProof> => {
    const count = countOf(before);
    const seen = await read();
    const ready = seen.status?.readyReplicas ?? 0;
    const isBack = seen.spec.replicas === count && isKnown(seen) && ready === count;
    const text = `${shown} has ${seen.spec.replicas} replicas, ${ready} of them ready, and had ${count} before`;
    return { state: isBack ? 'proved' : 'refuted', text };
  };
  const until = async (proof: () => Promise<StepProof>, patienceMs: number): Promise<void> => {
    const endMs = clock.elapsed() + patienceMs;
    // Whether it is so is asked anew by whoever needs the proof.
    while ((await asked(proof)).state !== 'proved' && clock.elapsed() < endMs)
      await clock.sleep(limits.provisionLookMs, signal);
  };
  return {
    what,
    how: 'scale',
    before: async () => {
      const seen = await read();
      return { replicas: seen.spec.replicas, pods: placedIn((await listed(seen)).filter(isLeft)) };
    },
    put: async (before) => {
      const seen = await read();
      selectorOf(seen, shown); // what could not be proved afterwards is not begun
      if (seen.spec.replicas !== 0) await scale(0);
      const graceMs = (seen.spec.template?.spec?.terminationGracePeriodSeconds ?? podGraceSeconds) * 1000;
      await until(() => look(before), graceMs + limits.serviceStopMs);
    },
    lift: async (before) => {
      const count = countOf(before);
      const { replicas } = (await read()).spec;
      if (replicas !== 0 && replicas !== count)
        throw new LifeboatError('switch.changed', `${shown} has ${replicas} replicas, which this fence never gave it`, {
          hint: 'Find out who changed it and what it should be; then go on with the run.',
        });
      if (replicas !== count) await scale(count);
      await until(() => lookLifted(before), limits.scaledBackMs);
    },
    prove: (before) => asked(() => look(before)),
    // Each pod of then has ended, and its node may go.
    proved: (before) => ({ replicas: countOf(before), pods: [] }),
    proveLifted: (before) => asked(() => lookLifted(before)),
  };

  /** A cluster that does not answer has not said that nobody is left. */
  async function asked(proof: () => Promise<StepProof>): Promise<StepProof> {
    try {
      return await proof();
    } catch (error) {
      if (signal.aborted) throw error;
      return { state: 'unknown', text: toLifeboatError(error).message };
    }
  }
}

type Listed = z.infer<typeof podsSchema>['items'];

/** Of what is over no program is left, though its pod may be listed for long. */
const isLeft = ({ status }: Listed[number]): boolean => !['Succeeded', 'Failed'].includes(status?.phase ?? '');

/** One that no node was found for has never begun. */
const placedIn = (pods: Listed): readonly Placed[] =>
  pods.flatMap(({ metadata: { name, uid }, spec }) =>
    spec?.nodeName === undefined ? [] : [{ name, uid, node: spec.nodeName }],
  );

const placedBefore = (before: unknown): readonly Placed[] =>
  z.object({ pods: z.array(z.object({ name: z.string(), uid: z.string(), node: z.string() })) }).safeParse(before).data
    ?.pods ?? [];

/** What Kubernetes gives the pods of a template that says nothing of it. */
const podGraceSeconds = 30;

/** The controller acts on these settings, and not yet on older ones. */
const isKnown = ({ metadata, status }: Seen): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);

function countOf(before: unknown): number {
  const found = z.object({ replicas: z.int().min(0) }).safeParse(before);
  if (found.success) return found.data.replicas;
  throw new LifeboatError('target.unreadable', 'the record does not say how many replicas there were before the fence');
}

/** In the words of `--selector`. A selector that nobody can read would find no pod, and prove what is not so. */
function selectorOf({ spec }: Seen, shown: string): string {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector;
  const wanted = matchExpressions.map(({ key, operator, values }) => {
    if (operator === 'In') return `${key} in (${(values ?? []).join(',')})`;
    if (operator === 'NotIn') return `${key} notin (${(values ?? []).join(',')})`;
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    throw new LifeboatError('target.unreadable', `${shown} chooses its pods by ${operator}, which is not known here`);
  });
  const all = [...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`), ...wanted];
  if (all.length > 0) return all.join(',');
  throw new LifeboatError('target.unreadable', `${shown} does not say which pods are its own`);
}

async function askKubectl(
  words: readonly string[],
  place: ReturnType<typeof clusterOf>,
  signal: AbortSignal,
): Promise<unknown> {
  const pieces: Buffer[] = [];
  const where = [
    `--context=${place.context}`,
    ...(place.namespace === undefined ? [] : [`--namespace=${place.namespace}`]),
    // Also where nobody lives to end it: what was told before a crash does not act much later.
    `--request-timeout=${limits.serverAnswerMs / 1000}s`,
  ];
  const { exitCode, stderr } = await runProcess(['kubectl', ...words, ...where, '--output=json'], {
    env: kubectlEnvironment(),
    signal,
    timeoutMs: limits.serverAnswerMs,
    onOutput: (piece, from) => from === 'stdout' && pieces.push(piece),
  });
  const said = stderr.trim().slice(-300);
  if (exitCode !== 0) throw new LifeboatError('target.refused', redact(`kubectl ${words.join(' ')}: ${said}`));
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    return undefined; // what is no JSON is not as it is documented: whoever reads it says so
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, shown: string): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  throw new LifeboatError('target.unreadable', `what kubectl says of ${shown} is not as it is documented`);
}
