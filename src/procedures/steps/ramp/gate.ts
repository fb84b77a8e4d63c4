import { LifeboatError } from '../../../core/index.ts';
import type { Fence, FenceRecord } from '../../hands/fences/fence.ts';
import { openFences } from '../../hands/fences/open.ts';
import { stopFence } from '../../hands/fences/service.ts';
import { longOf, runProgram, settleProgram, type Program } from '../../hands/program.ts';
import { openBackend, type Backend, type Weights } from '../../hands/weights.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { openDeployment } from './deployment.ts';
import type { Settings } from './settings.ts';

/** What lets a share of the work in, in percent. How it was before the ramp is its `image`, for the record. */
export interface Gate {
  readonly shown: string;
  image(): Promise<unknown>;
  /** False where there is only all or nothing. */
  divides(image: unknown): boolean;
  /** Setting the same share twice brings about the same. */
  set(share: number, image: unknown): Promise<void>;
  /** Where a share takes a while until it is in: waits until it is, or says what is red when that takes too long. */
  letIn?(share: number): Promise<string | undefined>;
  back(image: unknown): Promise<void>;
  /** Asked anew; undefined where nobody can tell. */
  isAt(share: number, image: unknown): Promise<boolean | undefined>;
  isBack(image: unknown): Promise<boolean | undefined>;
  /** Ends what a dead runner may have left behind; false where that cannot be known. */
  settle(): Promise<boolean>;
}

export type OpenedGate = Gate | { readonly outside: string };

/**
 * The gate of a ramp: the weights of a proxy, a program that is called for each share, the replicas in a cluster, or else the fence that this run put up around the
 * service, which is lifted. Throws `plan.invalid`, `plan.unknown_name`, `plan.not_executable`.
 */
export async function openGate(input: StepInput<Settings>, context: StepContext): Promise<OpenedGate> {
  const { pointer, each, service, replicas } = input.settings;
  if (pointer !== undefined) return openProxy(input.settings, pointer, context);
  if (each === undefined && replicas !== undefined) return openDeployment(input, replicas, context);
  return each === undefined ? openService(service, context) : programGate(input, each, context);
}

async function openProxy({ service, to = '' }: Settings, pointer: string, context: StepContext): Promise<OpenedGate> {
  const opened = openBackend(service, pointer, context);
  return 'outside' in opened ? opened : proxyGate(opened, to);
}

/** One server gets the share, the others what is left, as it was divided among them before. */
function proxyGate(backend: Backend, to: string): Gate {
  const at = (share: number, image: unknown): Weights => weightsAt(share, to, weightsOf(image), backend.shown);
  const is = async (wanted: Weights): Promise<boolean> => same(await backend.weights(), wanted);
  return {
    shown: backend.shown,
    image: () => backend.weights(),
    divides: (image) => Object.entries(weightsOf(image)).some(([server, weight]) => server !== to && weight > 0),
    set: async (share, image) => {
      mustBeOurs(await backend.weights(), weightsOf(image), share, to, backend.shown);
      await backend.turn(at(share, image));
    },
    back: async (image) => {
      mustBeOurs(await backend.weights(), weightsOf(image), all, to, backend.shown);
      await backend.turn(weightsOf(image));
    },
    isAt: (share, image) => is(at(share, image)),
    isBack: (image) => is(weightsOf(image)),
    settle: async () => true,
  };
}

const all = 100;

const weightsOf = (image: unknown): Weights => image as Weights;

const same = (now: Weights, wanted: Weights): boolean =>
  Object.entries(now).every(([server, weight]) => wanted[server] === weight);

function weightsAt(share: number, to: string, before: Weights, shown: string): Weights {
  if (before[to] === undefined) {
    throw new LifeboatError('plan.invalid', `${shown} has no server ${to}`, {
      hint: `It has: ${Object.keys(before).join(', ') || 'none'}. Name one with to.`,
    });
  }
  const others = Object.entries(before).filter(([server]) => server !== to);
  const sum = others.reduce((total, [, weight]) => total + weight, 0);
  const rest = (weight: number): number => (sum === 0 ? 0 : Math.round(((all - share) * weight) / sum));
  return Object.fromEntries(
    Object.entries(before).map(([server, weight]) => [server, server === to ? share : rest(weight)]),
  );
}

/** Weights that this ramp never set were set by somebody else. What a crash left half set is ours. */
function mustBeOurs(now: Weights, before: Weights, most: number, to: string, shown: string): void {
  const known = Array.from({ length: most + 1 }, (_, share) => weightsAt(share, to, before, shown));
  const foreign = Object.entries(now).find(
    ([server, weight]) => before[server] !== weight && known.every((one) => one[server] !== weight),
  );
  if (foreign === undefined) return;
  throw new LifeboatError(
    'switch.changed',
    `${shown}: ${foreign[0]} has ${foreign[1]}, which this ramp never gave it`,
    {
      hint: 'Find out who changed it and what it should be; then go on with the run.',
    },
  );
}

/** `{share}` in the words of the program becomes the share; `read` prints the share that there is. */
function programGate(input: StepInput<Settings>, each: Program, context: StepContext): Gate {
  const { read } = input.settings;
  const call = async (settings: Program): Promise<string> => {
    const outcome = await runProgram({ ...input, settings }, context);
    if (outcome.state === 'done') return String(outcome.outputs['stdout'] ?? '');
    const summary = 'summary' in outcome ? outcome.summary : outcome.question;
    throw new LifeboatError('process.failed', summary);
  };
  const set = async (share: number): Promise<void> => void (await call(withShare(each, share)));
  const now = async (): Promise<number | undefined> => {
    if (read === undefined) return undefined;
    const said = (await call(read)).split('\n').at(-1)?.trim() ?? '';
    if (/^\d{1,3}$/.test(said)) return Number(said);
    throw new LifeboatError('target.unreadable', `${read[0]} printed no share of 0 to 100: ${JSON.stringify(said)}`);
  };
  const is = async (share: number): Promise<boolean | undefined> => {
    const seen = await now();
    return seen === undefined ? undefined : seen === share;
  };
  return {
    shown: `what ${longOf(each).run[0]} sets`,
    image: async () => (await now()) ?? 0,
    divides: () => true,
    set,
    back: (image) => set(Number(image)),
    isAt: is,
    isBack: (image) => is(Number(image)),
    settle: async () => (await settleProgram({ ...input, settings: repeatable(each) }, context)) !== 'unknown',
  };
}

const withShare = (each: Program, share: number): Program => {
  const { run, ...rest } = longOf(each);
  return { ...rest, run: run.map((word) => word.replaceAll('{share}', String(share))) };
};

const repeatable = (each: Program): Program => ({ ...longOf(each), repeatable: true });

/** What keeps the service shut is lifted; without a fence of this run it is started. There is only all or nothing. */
async function openService(service: string, context: StepContext): Promise<OpenedGate> {
  const records = [...context.given().values()]
    .flatMap(({ fenced }) => (Array.isArray(fenced) ? (fenced as FenceRecord[]) : []))
    .filter(({ what }) => what === `service:${service}`);
  if (context.mode === 'drill' && !records.some(({ before }) => ran(before)))
    return { outside: `${service} did not run in the bubble, so that there is nothing to let in` };
  const fences: { fence: Fence; before: unknown }[] = [];
  for (const { what, settings, before, where } of records) {
    const environment = (where === undefined ? undefined : context.place(where.environment)) ?? context.environment;
    const opened = await openFences(settings, { ...context, environment });
    if ('outside' in opened) return opened;
    fences.push(...opened.filter((fence) => fence.what === what).map((fence) => ({ fence, before })));
  }
  if (fences.length === 0) fences.push({ fence: stopFence(service, context), before: { running: true } });
  const every = async (look: (one: (typeof fences)[number]) => Promise<{ state: string }>) =>
    (await Promise.all(fences.map(look))).every(({ state }) => state === 'proved');
  return {
    shown: fences.length === 1 && records.length === 0 ? service : `the fence around ${service}`,
    image: async () => null,
    divides: () => false,
    set: async () => {
      for (const { fence, before } of fences.toReversed()) {
        await context.mustHold();
        await fence.lift(before);
      }
    },
    back: async () => {
      for (const { fence, before } of fences) {
        await context.mustHold();
        await fence.put(before);
      }
    },
    isAt: () => every(({ fence, before }) => fence.proveLifted(before)),
    isBack: () => every(({ fence, before }) => fence.prove(before)),
    settle: async () => true,
  };
}

const ran = (before: unknown): boolean =>
  !(typeof before === 'object' && before !== null && 'running' in before && before.running === false);
