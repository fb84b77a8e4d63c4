import { LifeboatError, redactData } from '../../core/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import type { Requester, Said } from '../people/index.ts';
import { undoneBy } from '../rollback/rollback-of.ts';
import { environmentOf } from '../targets/places.ts';
import { flatSteps } from '../records/show.ts';
import type { HeldIn } from '../targets/lease/index.ts';
import type { Incident } from '../run-types.ts';
import { keyOf, type Finish } from '../records/step-records.ts';

/** One attempt of one step as it travels to the worker of a site: plain JSON, and never a secret. */
export interface StepPacket {
  /** The same whenever this attempt is asked for again: nobody does it twice. */
  readonly key: string;
  readonly run: string;
  readonly environment: string;
  readonly scenario: Pick<Scenario, 'name' | 'loses'>;
  readonly step: StepDeclaration;
  readonly attempt: number;
  /** Whoever asked has given it up by then, milliseconds since 1970: nobody begins it later. */
  readonly notAfterMs: number;
  /** What the run holds, and where that can be asked. */
  readonly holds: readonly HeldIn[];
  readonly incident: Incident;
  readonly requester: Requester | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What earlier steps gave, without what holds a secret: a step that names such an output fails with its name. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly scopes: Readonly<
    Record<string, { readonly scenario: string; readonly parameters: Readonly<Record<string, unknown>> }>
  >;
  readonly remembered: Readonly<Record<string, unknown>>;
  readonly said: readonly Said[];
  /** Steps that the same site has done: what they gave and nobody else may see, it has or asks for again. */
  readonly ownEarlier: readonly StepDeclaration[];
  /** Of a step that takes another one back: that one as its site was asked for it, with what it gave and remembered. */
  readonly undoes?: StepPacket;
}

/** How it ended there. */
export interface StepAnswer {
  readonly finish: Finish;
  /** What it told `remember` there: the run's own records hold it too, for a rollback. */
  readonly remembered: Readonly<Record<string, unknown>>;
}

/** The hands of a runner at other sites. */
export interface Elsewhere {
  /** The site of this runner: steps of it, and those that name none, it does itself. */
  readonly site: string;
  /**
   * Has the worker of the site do it, and waits for its answer, through anything that restarts meanwhile. Asked again with the same key it joins what
   * is under way, or gives the answer that is there. Throws `engine.refused` where it was not taken, `step.in_doubt` where it was and nobody can tell
   * what became of it, and what `signal` says.
   */
  step(site: string, packet: StepPacket, signal: AbortSignal): Promise<StepAnswer>;
  /** Tells the site to stop it if it runs, and never to begin it if it does not. */
  stop(site: string, key: string): Promise<void>;
}

/** Whether the worker of another site does it. Without an engine a run does all its steps where it is. */
export const isElsewhere = ({ tools }: Pick<ActiveRun, 'tools'>, { site }: Pick<StepDeclaration, 'site'>): boolean =>
  site !== undefined && tools.elsewhere !== undefined && site !== tools.elsewhere.site;

/**
 * Whether another site does it, or has: a run that an engine kept and that is gone on with without it (`run resume --here`) finds nothing of that on
 * this machine.
 */
export const isNotOurs = (
  active: Pick<ActiveRun, 'tools' | 'earlier'>,
  step: Pick<StepDeclaration, 'site'>,
): boolean => {
  const led = active.earlier?.started.engine;
  return isElsewhere(active, step) || (led !== undefined && step.site !== undefined && step.site !== led.site);
};

/** Throws `engine.secret` when something in it, other than an output, is a secret here. */
export function packetOf(
  active: ActiveRun,
  step: StepDeclaration,
  attempt: number,
  remembered: Readonly<Record<string, unknown>>,
  said: readonly Said[],
  notAfterMs: number,
): StepPacket {
  const { name, loses } = active.scenario;
  const packet: StepPacket = plain({
    key: `${keyOf(active, step)}/${attempt}`,
    run: active.run,
    environment: environmentOf(active, step).name,
    scenario: { name, loses },
    step,
    attempt,
    notAfterMs,
    holds: active.lease?.holds ?? [],
    incident: active.incident,
    requester: active.requester ?? null,
    parameters: active.parameters,
    outputs: openOutputs(active.outputs),
    scopes: Object.fromEntries(active.scopes),
    remembered,
    said,
    ownEarlier: flatSteps(active.scenario).filter(({ id, site }) => site === step.site && active.outputs.has(id)),
    ...undoneFor(active, step),
  });
  if (JSON.stringify(redactData(packet)) === JSON.stringify(packet)) return packet;
  throw new LifeboatError('engine.secret', `${step.id} would take a secret to the site ${step.site}`, {
    where: step.place.path,
    hint: 'Let the step name the source of the secret, which is read at the site.',
  });
}

function undoneFor({ original }: ActiveRun, { id }: StepDeclaration): Pick<StepPacket, 'undoes'> {
  const undone = original === undefined ? undefined : undoneBy(original.scenario, id);
  if (original === undefined || undone === undefined) return {};
  const { attempts = 1, remembered = {} } = original.earlier?.steps.get(undone.id) ?? {};
  return { undoes: packetOf(original, undone, attempts, remembered, [], 0) };
}

function openOutputs(outputs: ActiveRun['outputs']): StepPacket['outputs'] {
  const open = [...outputs].map(([step, own]) => {
    const kept = Object.entries(plain(own)).filter(
      ([, value]) => JSON.stringify(redactData(value)) === JSON.stringify(value),
    );
    return [step, Object.fromEntries(kept)] as const;
  });
  return Object.fromEntries(open);
}

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
