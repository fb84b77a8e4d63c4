import { isLifeboatError, limits, redact } from '../../../core/index.ts';
import { holds } from '../../../plan/index.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { jsonOf, lastWords, refused, type Ask } from './run-tool.ts';
import { callsIn, listOf, longOf, type Long, type Settings } from './settings.ts';
import { neverThere, noteMaking, undoneLook, type Look, type Tool } from './tool.ts';

/**
 * What a cloud has, by its own program: `look` asks, in words that change nothing, and `expect` judges what it answers; `absent` is what it says of what
 * is not there. Anything else that it says is no answer, and nothing is made on it. A cloud is content long before a thing is there: what was ordered
 * and is not as it should be yet is under way, for as long as the step may take.
 */
export function cloudTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const settings = longOf(input.settings);
  const { absent, undo: back } = settings;
  const make = callsIn(settings.make);
  const question = listOf(settings.look);
  const program = question[0] ?? '';

  const seen = async (): Promise<Look> => {
    const said = await ask(question);
    if (said.exitCode !== 0) {
      const isAbsent = absent !== undefined && `${said.stderr}${said.stdout}`.includes(absent);
      return { state: isAbsent ? 'missing' : 'unknown', isAbsent, text: lastWords(said) };
    }
    return judged(settings, said.stdout, program);
  };

  return {
    program,
    comesByItself: true,
    look: async (remembered) => afterOrder(await seen(), remembered, make.length),
    preview: async () => {
      const { state, text } = await seen();
      if (state === 'there') return { certainty: 'proved', text: `${text}: nothing is made` };
      if (state === 'missing') return { certainty: 'predicted', text: `${program} says now: ${text}; it is made` };
      return { certainty: 'unknown', text: `${program} cannot say now: ${text}` };
    },
    make: async () => {
      const before = await untilSure(seen, input.remembered, context);
      if (before.state === 'there') return undefined; // it answered late, or somebody else was faster: nothing of it is ours
      if (before.state === 'unknown') {
        const summary = `${program} cannot say what is there: ${before.text}`;
        return { state: 'failed', code: 'target.unreachable', summary };
      }
      if (before.state === 'failed') return neverThere(program, before);
      const known = before.isAbsent === true ? 0 : calledOf(before, input.remembered, make.length);
      noteMaking(input.remembered, before, context);
      return callAll(make, ask, context, known);
    },
    undo: async (remembered) => {
      if (remembered['made'] !== true)
        return { state: 'done', outputs: {}, summary: 'it was there before: nothing was made' };
      const now = undoneLook(await seen(), remembered);
      if (now.state === 'there')
        return { state: 'done', outputs: {}, summary: `it is not there any more: ${now.text}` };
      const failure = await callAll(callsIn(back), ask, { ...context, remember: () => {} });
      return failure ?? { state: 'done', outputs: {}, summary: `${program} was told to take it back` };
    },
    lookUndone: async (remembered) => undoneLook(await seen(), remembered),
  };
}

/** In their order, behind the first `known` of them; how many were content is written down, so that none is called twice. */
async function callAll(
  calls: readonly (readonly string[])[],
  ask: Ask,
  context: StepContext,
  known = 0,
): Promise<ReturnType<typeof refused> | undefined> {
  for (const [index, call] of calls.entries()) {
    if (index < known) continue;
    await context.mustHold();
    const said = await ask(call, { shown: true });
    if (said.exitCode !== 0) return refused(call[0] as string, said);
    context.remember({ called: index + 1 });
  }
  return undefined;
}

/**
 * How many of the calls were content. The only one also when nobody lived to hear it: what was not there before, and is there now, came by it.
 */
function calledOf({ isAbsent = false }: Look, remembered: Readonly<Record<string, unknown>>, calls: number): number {
  const { made, wasAbsent, called } = remembered;
  if (typeof called === 'number') return called;
  return calls === 1 && made === true && wasAbsent === true && !isAbsent ? 1 : 0;
}

/** What was ordered whole and is not as it should be is still coming; also where a cloud does not know of it yet. */
function afterOrder(now: Look, remembered: Readonly<Record<string, unknown>>, calls: number): Look {
  return now.state === 'missing' && calledOf(now, remembered, calls) >= calls ? { ...now, state: 'underway' } : now;
}

/** A cloud may not know yet what it was told by an attempt that died: it has a moment before that is ordered again. */
async function untilSure(
  look: () => Promise<Look>,
  { called }: Readonly<Record<string, unknown>>,
  { clock, signal }: StepContext,
): Promise<Look> {
  for (let looks = 1; ; looks += 1) {
    const now = await look();
    if (called === undefined || now.isAbsent !== true || looks >= limits.provisionDoubtsMax) return now;
    await clock.sleep(limits.provisionLookMs, signal);
  }
}

/** An answer without JSON is a text: `answer == "on"`. What cannot be judged by it is no answer. */
function judged({ expect, failed }: Pick<Long, 'expect' | 'failed'>, stdout: string, program: string): Look {
  const text = stdout.trim();
  const answer: unknown = /^[[{"]/.test(text) ? jsonOf(program, text) : text;
  const outputs = typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? { ...answer } : { answer };
  try {
    if (failed !== undefined && holds(failed, { answer })) return { state: 'failed', text: `${failed} holds` };
    if (expect === undefined) return { state: 'there', text: 'it is there', outputs };
    return holds(expect, { answer })
      ? { state: 'there', text: `${expect} holds`, outputs }
      : { state: 'missing', text: `${expect} does not hold` };
  } catch (error) {
    if (!isLifeboatError(error, 'expression.invalid')) throw error;
    return {
      state: 'unknown',
      text: `${program} answers ${JSON.stringify(redact(text.slice(0, 80)))}: ${error.message}`,
    };
  }
}
