import { assert, endProcesses, LifeboatError, limits, parseDuration } from '../../../core/index.ts';
import { notExercised, type StepContext, type StepInput, type StepKind, type StepOutcome } from '../../step.ts';
import { cloudTool } from './cloud.ts';
import { eksctlTool } from './eksctl.ts';
import { helmTool } from './helm.ts';
import { kubectlTool } from './kubectl.ts';
import { answeredFor, askedOfPeople, isMadeByPeople, makersOf } from './people.ts';
import { askerOf } from './run-tool.ts';
import { longOf, notYet, schema, type Settings } from './settings.ts';
import { sqlTool } from './sql.ts';
import { terraformTool } from './terraform.ts';
import { neverThere, type Look, type Tool } from './tool.ts';

type Input = StepInput<Settings>;

/**
 * `provision: { what: the shop, by: helm, release: shop, folder: charts/shop, cluster: main }`: makes what is not there, by the tool that people made it
 * with. The tool is asked before and after, in the answers that it documents for programs, and only its answer makes the step done.
 */
export const provisionStep: StepKind<Settings> = {
  kind: 'provision',
  about:
    'Makes what is not there by the tool that people make it with, and is done when that tool says so afterwards. What would remove or replace something is refused without `removes: true`.',
  example: [
    '- provision: { what: the cluster, by: terraform, folder: infra, targets: [module.cluster] }',
    '- provision: { what: the shop, by: helm, release: shop, folder: charts/shop, namespace: shop, cluster: main }',
    '- provision: { what: an empty database, by: sql, asset: orders, look: "select true from pg_database where datname = \'anew\'", make: create database anew, undo: drop database anew }',
    '- provision: { what: the site’s circuit, by: people, do: Order it from the carrier, who: [network] }',
  ].join('\n'),
  schema,
  destructive: true,
  inBubble: 'nothing',
  surest: 'proved',
  notYet,
  people: makersOf,
  longestMs: (settings) => {
    const { within } = longOf(settings);
    return within === undefined
      ? undefined
      : parseDuration(within) + limits.provisionDoubtsMax * limits.provisionLookMs;
  },
  title: (settings) => `make ${longOf(settings).what}${by(settings)}`,
  describe: async (input, context) => {
    if (context.mode === 'drill') return { certainty: 'unknown', text: 'not exercised: it is made outside the bubble' };
    if (isMadeByPeople(input.settings)) return askedOfPeople.describe(input, context);
    return toolOf({ ...input, id: 'dry', key: 'dry', remembered: {} }, context).preview();
  },
  run: async (input, context) => {
    if (context.mode === 'drill') return notExercised(`${longOf(input.settings).what} is made outside the bubble`);
    if (isMadeByPeople(input.settings)) return askedOfPeople.run(input, context);
    const tool = toolOf(input, context);
    await tool.tidy?.();
    const before = await tool.look({});
    if (before.state === 'there') return doneBy(tool, before, 'it was there');
    // What was written down in the same attempt is not handed back: it is kept here.
    let remembered = input.remembered;
    const noting = { ...context, remember: noteTo((facts) => (remembered = { ...remembered, ...facts }), context) };
    const came = await whatStillComes(tool, remembered, context);
    if (came !== undefined) return came;
    noteComing(tool, noting);
    const failure = await toolOf(input, noting).make();
    if (failure !== undefined && tool.patienceMs !== undefined) noting.remember({ comesUntil: null });
    if (failure !== undefined) return failure;
    noteComing(tool, noting);
    return untilThere(tool, () => remembered, context, tool.patienceMs);
  },
  inspect: async (input, context) => {
    if (isMadeByPeople(input.settings)) return 'not-done'; // whoever was asked has said it, or is asked again
    // What a dead runner left at work is ended first: two must never act at once.
    if ((await endProcesses(({ mark }) => mark === input.key)) === undefined) return 'unknown';
    const tool = toolOf(input, context);
    await tool.tidy?.();
    const now = await tool.look(input.remembered);
    if (now.state === 'there') return doneBy(tool, now, 'still there');
    const isToBeAwaited = now.state === 'underway' && tool.comesByItself === true;
    return now.state === 'missing' || isToBeAwaited ? 'not-done' : 'unknown';
  },
  undo: async (input, context) => {
    const { undo } = toolOf(input, context);
    assert(undo !== undefined, 'only what a tool takes back is taken back by it');
    return undo(input.remembered);
  },
  // What Terraform would destroy, or a cluster, nobody destroys as part of a rollback.
  takesBack: (written) =>
    typeof written === 'object' &&
    written !== null &&
    'by' in written &&
    (written.by === 'helm' || ((written.by === 'cloud' || written.by === 'sql') && 'undo' in written)),
  prove: async (input, context, is) => {
    if (isMadeByPeople(input.settings)) return answeredFor(input);
    const tool = toolOf(input, context);
    const now: Look =
      is === 'done'
        ? await tool.look(input.remembered)
        : ((await tool.lookUndone?.(input.remembered)) ?? { state: 'unknown', text: `${tool.program} cannot tell` });
    const states = {
      there: 'proved',
      missing: 'refuted',
      failed: 'refuted',
      underway: 'unknown',
      unknown: 'unknown',
    } as const;
    const state = states[now.state];
    return { state, text: now.text };
  },
};

const by = (settings: Settings): string => {
  const { by: tool } = longOf(settings);
  return tool === undefined ? '' : ` by ${tool}`;
};

/** Throws `plan.not_executable` where the settings do not say enough. */
function toolOf(input: Input, context: StepContext): Tool {
  const ask = askerOf(input, context);
  const missing = notYet(input.settings);
  if (missing !== undefined) throw new LifeboatError('plan.not_executable', missing);
  const { by: tool } = longOf(input.settings);
  if (tool === 'terraform') return terraformTool(input, context, ask);
  if (tool === 'helm') return helmTool(input, context, ask);
  if (tool === 'cloud') return cloudTool(input, context, ask);
  if (tool === 'sql') return sqlTool(input, context);
  return tool === 'eksctl' ? eksctlTool(input, context, ask) : kubectlTool(input, context, ask);
}

const noteTo =
  (keep: (facts: Record<string, unknown>) => void, { remember }: StepContext): StepContext['remember'] =>
  (facts) => {
    keep(facts);
    remember(facts);
  };

/** Until when it may come by and by, written down before it is said and again afterwards: for whoever goes on with it, and does not say it twice meanwhile. */
function noteComing({ patienceMs }: Tool, { clock, remember }: Pick<StepContext, 'clock' | 'remember'>): void {
  if (patienceMs !== undefined) remember({ comesUntil: clock.now() + patienceMs });
}

/** What an earlier attempt has said, and did not see come, may come: nothing where it was refused, or its time is over. */
async function whatStillComes(
  tool: Tool,
  remembered: Readonly<Record<string, unknown>>,
  context: StepContext,
): Promise<StepOutcome | undefined> {
  const { comesUntil } = remembered;
  const leftMs = typeof comesUntil === 'number' ? comesUntil - context.clock.now() : 0;
  if (leftMs <= 0) return undefined;
  const outcome = await untilThere(tool, () => remembered, context, leftMs);
  return outcome.state === 'done' ? outcome : undefined;
}

/** Until the step's own time is over. What nobody can tell for a while may be a cluster that is just coming up. */
async function untilThere(
  tool: Tool,
  remembered: () => Readonly<Record<string, unknown>>,
  { clock, signal, output }: StepContext,
  patienceMs = 0,
): Promise<StepOutcome> {
  let last = '';
  const patientUntilMs = clock.elapsed() + patienceMs;
  for (let unknown = 0; ;) {
    const now = await tool.look(remembered());
    if (now.state === 'there') return doneBy(tool, now);
    if (now.state === 'failed') return neverThere(tool.program, now);
    const isComing = now.state === 'underway' || (now.state === 'missing' && clock.elapsed() < patientUntilMs);
    unknown = isComing ? 0 : unknown + 1;
    if (unknown >= limits.provisionDoubtsMax) {
      const summary = `${tool.program} was content, and what it made is not as it should be: ${now.text}`;
      return { state: 'failed', code: 'provision.unproved', summary };
    }
    if (now.text !== last) output(now.text);
    last = now.text;
    await clock.sleep(limits.provisionLookMs, signal);
  }
}

const doneBy = ({ program }: Tool, { text, outputs = {} }: Look, how?: string): StepOutcome => ({
  state: 'done',
  outputs: { ...outputs },
  summary: `${program}: ${text}${how === undefined ? '' : ` (${how})`}`,
});
