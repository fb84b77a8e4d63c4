import { isLifeboatError, LifeboatError, toLifeboatError } from '../../core/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { performAttempt } from '../runner/attempt.ts';
import { guardOf, provenEnd } from '../promises/beside-checks.ts';
import { contextOf } from '../runner/context.ts';
import { look, reuse } from '../runner/earlier.ts';
import { holdStep, type Held } from '../targets/hold.ts';
import { mustBeHeldBy } from '../targets/lease/index.ts';
import { inputOf, kindOf } from '../settings/input.ts';
import { undoKindName } from '../rollback/rollback-of.ts';
import { undoKindOf } from '../rollback/undo-kind.ts';
import { Order } from '../runner/order.ts';
import type { StepHistory } from '../records/history.ts';
import type { RunnerTools } from '../run-types.ts';
import { keyOf, secretNames, type Finish } from '../records/step-records.ts';
import type { Environment, StepInput, StepKind } from '../step.ts';
import { whileHeld } from './while-held.ts';
import { calledOff, callOffEarlier, recordsOf, stepKeyOf } from './called-off.ts';
import type { StepAnswer, StepPacket } from './packet.ts';

export interface ForAnother {
  readonly packet: StepPacket;
  /** Where it acts; asked for when it is about to. */
  readonly environment: () => Promise<Environment>;
  readonly tools: RunnerTools;
  readonly signal: AbortSignal;
  /** An earlier attempt had to be stopped here, after it was said to be over: the world is looked at before anything is done. */
  readonly isDoubted?: boolean;
}

/**
 * Does one attempt of a step for a run that is led at another site. Between two records of this machine's own journal: asked for again after a crash
 * it gives the end that is written, looks at the world where only the beginning is, and where nobody can tell a person decides.
 * What was called off is never begun. Throws only what keeps this worker itself from working, after which it is to be asked again with the same key:
 * `run.held`, `journal.*`, `disk.*`.
 */
export async function actForAnother(request: ForAnother): Promise<StepAnswer> {
  const { packet, tools } = request;
  const { journal } = tools.workspace;
  const held = holdBoth(tools, packet);
  try {
    const own = recordsOf(journal, packet);
    const ended = own.find(({ kind }) => kind === 'site.finished');
    if (ended !== undefined) return answerIn(ended, own);
    const finish = await once(request, own);
    const { outputs = {}, ...rest } = finish;
    const redacted = secretNames(outputs);
    journal.append('site.finished', { key: packet.key, ...rest, outputs, redacted }, { run: packet.run });
    // A secret does not travel: without it the output does not exist for those behind.
    const open = Object.fromEntries(Object.entries(outputs).filter(([name]) => !redacted.includes(name)));
    return { finish: { ...rest, outputs: open }, remembered: rememberedIn(recordsOf(journal, packet)) };
  } finally {
    held.release();
  }
}

/** The step, and the one that it takes back: that may still act here for its own run, and is called off before this one begins. */
function holdBoth({ workspace }: RunnerTools, packet: StepPacket): Held {
  const own = holdStep(workspace, stepKeyOf(packet));
  if (packet.undoes === undefined) return own;
  try {
    const undone = holdStep(workspace, stepKeyOf(packet.undoes));
    return { release: () => [undone, own].forEach((one) => one.release()) };
  } catch (error) {
    own.release();
    throw error;
  }
}

async function once(request: ForAnother, own: readonly JournalRecord[]): Promise<Finish> {
  const { packet, tools, signal, isDoubted = false } = request;
  const { journal } = tools.workspace;
  const { run, key, step, attempt } = packet;
  const wasBegun = own.some(({ kind }) => kind === 'site.started');
  const ready = await madeReady(request, own, wasBegun).catch((error: unknown) => failureOf(error));
  // What keeps it from beginning says nothing about what it did before its worker died.
  if ('state' in ready) return wasBegun ? doubtOf(step.id, step.kind) : ready;
  const { active, kind, input } = ready;
  const title = kind.title(input.settings, input.siblings);
  if (wasBegun || isDoubted) {
    const found = await lookAgain(active, kind, { ...input, unfinished: wasBegun }, title);
    if (found !== undefined) {
      return provenEnd(active, step, kind, input, found, contextOf(active, input, attempt, signal).context);
    }
  }
  callOffEarlier(journal, packet);
  journal.append('site.started', { key, step: step.id, kind: step.kind, attempt, title }, { run });
  // Asked after its own record: whoever calls it off meanwhile writes first and looks then, so that one of the two sees the other.
  const off = calledOff(tools, packet);
  if (off !== undefined) return off;
  tools.workspace.progress.phase(`${run} ${step.id}: ${title}`);
  return whileHeld(request, async (held) => {
    const watched = { ...active, signal: AbortSignal.any([active.signal, held]) };
    return (await performAttempt(watched, step, kind, input, attempt)).finish;
  });
}

interface Ready {
  readonly active: ActiveRun;
  readonly kind: StepKind;
  readonly input: StepInput<unknown>;
}

/** What it needs to act; or why it does not begin. */
async function madeReady(
  { packet, environment, tools, signal }: ForAnother,
  own: readonly JournalRecord[],
  wasBegun: boolean,
): Promise<Ready | Finish> {
  const off = wasBegun ? undefined : calledOff(tools, packet);
  if (off !== undefined) return off;
  await mustBeHeldBy(packet.run, packet.holds, tools.workspace);
  const active = activeFor(packet, await environment(), tools, signal);
  const { step } = packet;
  const kind = await kindHere(active, packet);
  if (kind.meanwhile !== undefined || kind.ofItsRun === true) throw endsWithItsRun(step);
  await recallSecrets(active, packet);
  const remembered = { ...packet.remembered, ...rememberedIn(own) };
  const input = { ...inputOf(active, step, kind, undefined), remembered };
  const red = wasBegun ? undefined : await guardOf(active, step);
  return red ?? { active, kind, input };
}

/** The kind of the step; of one that takes another back, what its kind makes of that one as it was done here. */
async function kindHere(active: ActiveRun, { step, undoes }: StepPacket): Promise<StepKind> {
  if (undoes === undefined) return kindOf(active, step);
  const { tools, environment, signal } = active;
  const original = activeFor(undoes, environment, tools, signal);
  await recallSecrets(original, undoes);
  for (const [id, outputs] of original.outputs) active.outputs.set(id, outputs);
  const undone = undoes.step;
  if (step.kind !== undoKindName(undone.kind)) return kindOf(active, step);
  const kind = kindOf(active, undone);
  const outputs = original.outputs.get(undone.id) ?? {};
  return undoKindOf(kind, {
    title: () => kind.kind,
    input: () => ({ ...inputOf(original, undone, kind, undefined), remembered: undoes.remembered, outputs }),
  }) as unknown as StepKind;
}

/** What earlier steps gave here and did not travel is asked of the world again; what cannot be asked does not exist for this step either. */
async function recallSecrets(active: ActiveRun, { run, ownEarlier }: StepPacket): Promise<void> {
  const own = active.tools.workspace.journal.records({ run, kinds: ['site.*'] });
  for (const step of ownEarlier) {
    const ofStep = own.filter(({ data }) => String(data['key']).startsWith(`${keyOf(active, step)}/`));
    const ended = ofStep.findLast(({ kind, data }) => kind === 'site.finished' && data['state'] === 'done');
    if (ended === undefined || (ended.data['redacted'] as unknown[]).length === 0) continue;
    const kind = kindOf(active, step);
    const input = { ...inputOf(active, step, kind, undefined), remembered: rememberedIn(ofStep) };
    const { outputs } = await reuse(active, kind, input, ended.data as unknown as StepHistory);
    active.outputs.set(step.id, { ...outputs });
  }
}

const endsWithItsRun = ({ id, kind, place }: StepDeclaration): LifeboatError =>
  new LifeboatError('plan.not_executable', `${id} (${kind}) goes on beside its run, and is done where that is`, {
    where: place.path,
    hint: 'Take its site away.',
  });

/** This worker died while it acted: what came of it, or nothing when it shall be done again. */
async function lookAgain(
  active: ActiveRun,
  kind: StepKind,
  input: StepInput<unknown>,
  title: string,
): Promise<Finish | undefined> {
  const found = await look(active, kind, input);
  if (found === 'not-done') return undefined;
  return found === 'unknown' ? doubtOf(input.id, title) : found;
}

const doubtOf = (id: string, title: string): Finish => ({
  state: 'needs-human',
  code: 'step.in_doubt',
  summary: `nobody can tell whether ${id} took effect`,
  question: `${title}: its worker ended while it acted. Did it take effect? Look, then answer "done" or "again".`,
});

/** The run as far as one of its steps sees it. Its target is held by the runner that asked, which tells this one to stop when it loses it. */
function activeFor(packet: StepPacket, environment: Environment, tools: RunnerTools, signal: AbortSignal): ActiveRun {
  const { run, scenario, incident, parameters, requester, outputs, scopes, said, key } = packet;
  const { elsewhere: _, ...own } = tools;
  const journal = siteJournal(tools.workspace.journal, key);
  return {
    run,
    scenario: { ...scenario, trigger: undefined, severity: undefined, objectives: {}, steps: [], hash: '' },
    environment,
    mode: 'real',
    tools: { ...own, workspace: { ...tools.workspace, journal } },
    incident,
    parameters,
    requester: requester ?? undefined,
    order: new Order({ steps: [] }),
    earlier: undefined,
    answer: undefined,
    outputs: new Map(Object.entries(outputs)),
    scopes: new Map(Object.entries(scopes)),
    said,
    places: new Map(),
    ...(packet.step.site === undefined ? {} : { site: packet.step.site }),
    confirmed: new Set(),
    despite: undefined,
    lease: {
      holds: packet.holds,
      signal,
      mustHold: () => mustBeHeldBy(run, packet.holds, tools.workspace),
    },
    meanwhile: { begin: () => {} },
    watching: new Set(),
    breakOff: () => {},
    signal,
    stopped: undefined,
    reason: undefined,
  };
}

/** Records of a step that belongs to a run of another machine have names of their own: this one leads no such run. */
const siteJournal = (journal: Journal, key: string): Journal => ({
  append: (kind, data, of) =>
    kind.startsWith('step.')
      ? journal.append(kind.replace('step.', 'site.'), { key, ...data }, of)
      : journal.append(kind, data, of),
  records: (filter) => journal.records(filter),
  last: () => journal.last(),
  rows: (after, most) => journal.rows(after, most),
  remember: (chain, rows) => journal.remember(chain, rows),
  verify: (known) => journal.verify(known),
  close: () => journal.close(),
});

function rememberedIn(records: readonly JournalRecord[]): Record<string, unknown> {
  const facts = records.filter(({ kind }) => kind === 'site.remembered').map(({ data }) => data['facts']);
  return Object.assign({}, ...facts) as Record<string, unknown>;
}

function answerIn({ data }: JournalRecord, own: readonly JournalRecord[]): StepAnswer {
  const { key: _, redacted, outputs, ...finish } = data;
  const hidden = (redacted ?? []) as string[];
  const open = Object.entries((outputs ?? {}) as Record<string, unknown>).filter(([name]) => !hidden.includes(name));
  return {
    finish: { ...(finish as unknown as Finish), outputs: Object.fromEntries(open) },
    remembered: rememberedIn(own),
  };
}

function failureOf(error: unknown): Finish {
  if (isLifeboatError(error, 'operation.cancelled')) {
    return { state: 'cancelled', code: error.code, summary: error.message };
  }
  const { code, message, hint } = toLifeboatError(error);
  return { state: 'failed', code, summary: message, ...(hint === undefined ? {} : { hint }) };
}
