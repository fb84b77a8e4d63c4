import { z } from 'zod';
import { LifeboatError, limits, redact, runProcess } from '../../../core/index.ts';
import type { StepContext } from '../../step.ts';
import { askNodes, awayIn, clusterOf, kubectlEnvironment } from '../cluster.ts';
import type { Door } from './inside.ts';

const words = z.string().min(1);

export const podSchema = z.union([
  z.strictObject({
    name: words.describe('The pod it runs in'),
    container: words.optional().describe('The container of the pod; its first one unless stated'),
    cluster: words.optional().describe('That of the environment unless stated'),
    namespace: words.optional().describe('That of the environment unless stated'),
  }),
  z.strictObject({
    selector: words.describe('Labels: it runs in the first ready pod that bears them'),
    container: words.optional().describe('The container of the pod; its first one unless stated'),
    cluster: words.optional().describe('That of the environment unless stated'),
    namespace: words.optional().describe('That of the environment unless stated'),
  }),
]);
export type PodSettings = z.infer<typeof podSchema>;

const podObject = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ nodeName: z.string().optional() }).optional(),
  status: z.looseObject({
    phase: z.string().optional(),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).optional(),
  }),
});
type Pod = z.infer<typeof podObject>;

/** The pod that was chosen: another one of its name is another one. */
interface Chosen {
  readonly name: string;
  readonly uid: string;
  /** Where it ran: what is gone from the list may go on there while that is away. */
  readonly node?: string | undefined;
}

/**
 * The door of a pod, by kubectl. Which pod it is, is written down before it is entered: gone on with after a crash, the step looks into that one. Who
 * `acts` anew where that one is gone acts in another one, as what was in it is gone with it. Throws `target.unreachable`, `target.refused`, and what `clusterOf` throws.
 */
export async function podDoor(
  settings: PodSettings,
  remembered: Readonly<Record<string, unknown>>,
  context: StepContext,
  acts: boolean,
): Promise<Door> {
  const place = clusterOf(settings, context);
  const where = [
    `--context=${place.context}`,
    ...(place.namespace === undefined ? [] : [`--namespace=${place.namespace}`]),
  ];
  const get = async (asked: readonly string[], signal: AbortSignal): Promise<string> => {
    const said = await runProcess(['kubectl', ...asked, ...where, '--output=json'], {
      env: kubectlEnvironment(),
      signal,
      timeoutMs: limits.serverAnswerMs,
      onOutput: (piece, from) => from === 'stdout' && pieces.push(piece),
    });
    const text = Buffer.concat(pieces.splice(0)).toString('utf8');
    if (said.exitCode === 0) return text;
    throw new LifeboatError('target.unreachable', redact(`kubectl cannot say: ${said.stderr.trim().slice(-300)}`));
  };
  const pieces: Buffer[] = [];
  const one = async (name: string, signal: AbortSignal): Promise<Pod | undefined> =>
    podsIn(await get(['get', `pod/${name}`, '--ignore-not-found'], signal))[0];
  const choose = async (): Promise<Chosen> => {
    const named = 'name' in settings;
    const found = named
      ? [await one(settings.name, context.signal)].filter((pod) => pod !== undefined)
      : podsIn(await get(['get', 'pods', `--selector=${settings.selector}`], context.signal)).filter(isReady);
    const [first] = found.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const wanted = named ? `pod ${settings.name}` : `ready pod with ${settings.selector}`;
    if (first === undefined)
      throw new LifeboatError('target.unreachable', `${place.context} has no ${wanted}`, {
        hint: 'Look with kubectl get pods; another cluster or namespace may be meant.',
      });
    const node = first.spec?.nodeName;
    return { name: first.metadata.name, uid: first.metadata.uid, ...(node === undefined ? {} : { node }) };
  };
  const runs = (now: Pod | undefined, { uid }: Chosen): boolean =>
    now?.metadata.uid === uid && !['Succeeded', 'Failed'].includes(now.status.phase ?? '');
  const kept = chosenIn(remembered);
  const isGone = acts && kept !== undefined && !runs(await one(kept.name, context.signal), kept);
  const pod = kept === undefined || isGone ? await choose() : kept;
  context.remember({ pod });
  const inside = settings.container === undefined ? [] : [`--container=${settings.container}`];
  const enter = ['kubectl', 'exec', '--stdin', `pod/${pod.name}`, ...inside, ...where, '--'];
  return {
    shown: `the pod ${pod.name} of ${place.context}`,
    env: kubectlEnvironment(),
    enter,
    enterToEnd: enter,
    look: async (signal) => {
      const now = await one(pod.name, signal);
      if (now?.metadata.uid !== pod.uid && pod.node !== undefined) {
        const away = awayIn(jsonOf(await get(askNodes([pod.node]), signal)), [pod.node]).get(pod.node);
        const text = `the pod ${pod.name} was on ${away}: what ran in it may go on there`;
        if (away !== undefined) return { runs: true, text };
      }
      if (now === undefined) return { runs: false, text: `there is no pod ${pod.name}` };
      const isIt = runs(now, pod);
      const text = `the pod ${pod.name} is ${isIt ? (now.status.phase ?? 'there') : 'another one, or over'}`;
      return { runs: isIt, text };
    },
  };
}

const jsonOf = (text: string): unknown => (text.trim() === '' ? undefined : JSON.parse(text));

function podsIn(text: string): readonly Pod[] {
  try {
    const parsed = jsonOf(text) as { kind?: string; items?: unknown[] } | undefined;
    if (parsed === undefined) return [];
    return z.array(podObject).parse(parsed.kind?.endsWith('List') ? (parsed.items ?? []) : [parsed]);
  } catch (error) {
    throw new LifeboatError('target.unreadable', 'what kubectl says of pods is not as it is documented', {
      cause: error,
    });
  }
}

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

function chosenIn({ pod }: Readonly<Record<string, unknown>>): Chosen | undefined {
  const found = z.strictObject({ name: z.string(), uid: z.string(), node: z.string().optional() }).safeParse(pod);
  return found.success ? found.data : undefined;
}
