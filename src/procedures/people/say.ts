import { isoTime, LifeboatError, parseDuration } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import { readHistory, type RunHistory, type StepHistory } from '../records/history.ts';
import type { StepState } from '../run-types.ts';
import { lastWords, type Asked, type AskedInput, type Said } from './asked.ts';
import { deciders } from './deciders.ts';

export interface SayRequest {
  readonly run: string;
  /** Default: the only step that asks for this word. */
  readonly step?: string;
  readonly word: Said['word'];
  /** The contact that speaks. */
  readonly as: string;
  readonly user: string;
  readonly reason?: string;
  readonly option?: string;
  /** As typed: `name` to text. */
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface SayReport {
  readonly run: string;
  readonly step: string;
  readonly word: Said['word'];
  readonly as: string;
  /** So many different people have agreed, this one included, and so many must. */
  readonly agreed: readonly string[];
  readonly needed: number;
  readonly denied: boolean;
  /** Nothing more is asked about this step: the run can go on, or fails at a no. */
  readonly complete: boolean;
}

/**
 * Records what a person says to a question of a run, durably, and executes nothing: `run resume` goes on. A later word of the same
 * person replaces the earlier one. Throws `run.missing`, `run.not_asked`, `people.not_allowed`, `approval.expired`, `input.flag`.
 */
export function say(workspace: Workspace, request: SayRequest): SayReport {
  const { journal, clock } = workspace;
  const history = readHistory(journal, request.run);
  const { id, asked } = askedOf(history, request);
  const role = mustBeAllowed(workspace, history, asked, request);
  if (asked.untilMs !== undefined && clock.now() > asked.untilMs) {
    throw new LifeboatError('approval.expired', `${id} asked until ${isoTime(asked.untilMs)}, and that is over`, {
      hint: `Let it ask again: lifeboat run resume ${request.run}`,
    });
  }
  const inputs = request.word === 'attest' ? typed(asked.inputs ?? {}, request.inputs ?? {}) : {};
  const option = request.word === 'choose' ? optionOf(asked, request.option) : undefined;
  journal.append(
    'step.said',
    {
      step: id,
      word: request.word,
      round: asked.round,
      as: request.as,
      role: role ?? null,
      user: request.user,
      reason: request.reason ?? null,
      option: option ?? null,
      inputs,
    },
    { run: request.run },
  );
  return reportOf(readHistory(journal, request.run), id, asked, request);
}

function askedOf(history: RunHistory, { run, step, word }: SayRequest): { id: string; asked: Asked } {
  const open = [...history.steps].flatMap(([id, { state, asked }]) =>
    isOpen(state) && asked !== undefined && fits(asked, word) ? [{ id, asked }] : [],
  );
  const fitting = step === undefined ? open : open.filter(({ id }) => id === step);
  const [first, second] = fitting;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    throw new LifeboatError('input.flag', `${fitting.length} steps of run ${run} ask for this`, {
      hint: `Name one with --step: ${fitting.map(({ id }) => id).join(', ')}.`,
    });
  }
  const what = `${step === undefined ? `run ${run}` : `the step ${step} of run ${run}`} asks nobody to ${word}`;
  const others = [...history.steps].flatMap(([id, { asked, state }]) =>
    state === 'needs-human' && asked !== undefined ? [`${id} (${asked.word})`] : [],
  );
  throw new LifeboatError('run.not_asked', what, {
    hint: others.length === 0 ? `Look at it: lifeboat run show ${run}` : `It waits at ${others.join(', ')}.`,
  });
}

/** A step that failed at a no still hears those who think again. */
const isOpen = (state: StepState): boolean => state === 'needs-human' || state === 'failed';

/** No is an answer to whether something may be done, and to whether it was done; a choice has no no. */
const fits = (asked: Asked, word: Said['word']): boolean =>
  asked.word === word || (word === 'deny' && asked.word !== 'choose');

/** The role of who speaks. */
function mustBeAllowed(
  { plan }: Workspace,
  { started }: RunHistory,
  asked: Asked,
  { as }: SayRequest,
): string | undefined {
  const requester = asked.word === 'approve' ? (started.by?.as ?? undefined) : undefined;
  const allowed = deciders(plan, asked.by, requester);
  const hint = allowed.length === 0 ? 'Nobody of the contacts may.' : `These may: ${allowed.join(', ')}.`;
  const contact = plan.contacts.get(as);
  // A plan without contacts asks whoever is there; who it was stands in the record.
  if (plan.contacts.size === 0 && asked.by.length === 0) return undefined;
  if (contact === undefined) {
    throw new LifeboatError('people.not_allowed', `the plan has no contact ${as}`, { hint });
  }
  if (as === requester) {
    throw new LifeboatError('people.not_allowed', `${as} asked for this run and cannot approve it`, { hint });
  }
  if (allowed.includes(as)) return contact.role;
  throw new LifeboatError('people.not_allowed', `${as} is not ${asked.by.join(' or ')}`, { hint });
}

function typed(
  asked: Readonly<Record<string, AskedInput>>,
  given: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const names = Object.keys(asked);
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  const foreign = Object.keys(given).filter((name) => !Object.hasOwn(asked, name));
  if (missing.length > 0 || foreign.length > 0) {
    const what = [
      ...(missing.length > 0 ? [`asks for ${missing.join(', ')} too`] : []),
      ...(foreign.length > 0 ? [`does not ask for ${foreign.join(', ')}`] : []),
    ];
    throw new LifeboatError('input.flag', `this step ${what.join(' and ')}`, {
      hint: names.length === 0 ? 'Leave --input out.' : `Write ${names.map((name) => `--input ${name}=…`).join(' ')}`,
    });
  }
  return Object.fromEntries(names.map((name) => [name, valueOf(name, asked[name] as AskedInput, given[name] ?? '')]));
}

/** What was typed as its type means it. Throws `input.flag`. */
export function valueOf(name: string, { type, oneOf }: AskedInput, text: string): string | number | boolean {
  const value = read(type, text.trim());
  if (value === undefined) {
    throw new LifeboatError('input.flag', `${name} is ${kindsOfInput[type]}, not "${text}"`);
  }
  if (oneOf !== undefined && !oneOf.includes(value as string | number)) {
    throw new LifeboatError('input.flag', `${name} is one of ${oneOf.join(', ')}, not "${text}"`);
  }
  return value;
}

const kindsOfInput: Record<AskedInput['type'], string> = {
  text: 'a text that says something',
  number: 'a number',
  boolean: 'true or false',
  duration: 'a duration such as 15m',
  time: 'a moment such as 2026-11-21T03:00:00Z',
};

function read(type: AskedInput['type'], text: string): string | number | boolean | undefined {
  if (text === '') return undefined;
  if (type === 'number') return Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'duration') return parseDuration(text) / 1000;
  if (type === 'time') {
    const withZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
    return withZone && !Number.isNaN(Date.parse(text)) ? isoTime(Date.parse(text)) : undefined;
  }
  return text;
}

function optionOf({ options = [] }: Asked, option: string | undefined): string {
  if (option !== undefined && options.includes(option)) return option;
  throw new LifeboatError('input.flag', `there is no way ${option ?? ''}`, {
    hint: `Choose one of: ${options.join(', ')}.`,
  });
}

function reportOf({ steps, started }: RunHistory, id: string, asked: Asked, request: SayRequest): SayReport {
  const { said = [] } = steps.get(id) as StepHistory;
  const words = lastWords(said, asked.round, asked.word === 'approve' ? started.by?.as : undefined);
  const agreed = words.filter(({ word }) => word !== 'deny').map(({ as }) => as);
  const denied = words.some(({ word }) => word === 'deny');
  const { run, word, as } = request;
  return {
    run,
    step: id,
    word,
    as,
    agreed,
    needed: asked.count,
    denied,
    complete: denied || agreed.length >= asked.count,
  };
}
