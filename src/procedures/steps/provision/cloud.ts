import { isLifeboatError, redact } from '../../../core/index.ts';
import { holds } from '../../../plan/index.ts';
import type { StepContext, StepInput } from '../../step.ts';
import { jsonOf, lastWords, refused, type Ask } from './run-tool.ts';
import { callsIn, listOf, longOf, type Settings } from './settings.ts';
import { noteMaking, undoneLook, type Look, type Tool } from './tool.ts';

/**
 * What a cloud has, by its own program: `look` asks, in words that change nothing, and `expect` judges what it answers; `absent` is what it says of what
 * is not there. Anything else that it says is no answer, and nothing is made on it.
 */
export function cloudTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const settings = longOf(input.settings);
  const { make, absent, undo: back } = settings;
  const question = listOf(settings.look);
  const program = question[0] ?? '';

  const look = async (): Promise<Look> => {
    const said = await ask(question);
    if (said.exitCode !== 0) {
      const isAbsent = absent !== undefined && `${said.stderr}${said.stdout}`.includes(absent);
      return { state: isAbsent ? 'missing' : 'unknown', isAbsent, text: lastWords(said) };
    }
    return judged(settings.expect, said.stdout, program);
  };

  /** In their order; one that a dead runner has done already says so in its own way, and fails: `look` is asked first. */
  const callAll = async (calls: readonly (readonly string[])[]) => {
    for (const call of calls) {
      await context.mustHold();
      const said = await ask(call, { shown: true });
      if (said.exitCode !== 0) return refused(call[0] as string, said);
    }
    return undefined;
  };

  return {
    program,
    look,
    preview: async () => {
      const { state, text } = await look();
      if (state === 'there') return { certainty: 'proved', text: `${text}: nothing is made` };
      if (state === 'missing') return { certainty: 'predicted', text: `${program} says now: ${text}; it is made` };
      return { certainty: 'unknown', text: `${program} cannot say now: ${text}` };
    },
    make: async () => {
      const before = await look();
      if (before.state === 'there') return undefined; // it answered late, or somebody else was faster: nothing of it is ours
      if (before.state === 'unknown') {
        const summary = `${program} cannot say what is there: ${before.text}`;
        return { state: 'failed', code: 'target.unreachable', summary };
      }
      noteMaking(input.remembered, before, context);
      return callAll(callsIn(make));
    },
    undo: async (remembered) => {
      if (remembered['made'] !== true)
        return { state: 'done', outputs: {}, summary: 'it was there before: nothing was made' };
      const now = undoneLook(await look(), remembered);
      if (now.state === 'there')
        return { state: 'done', outputs: {}, summary: `it is not there any more: ${now.text}` };
      const failure = await callAll(callsIn(back));
      return failure ?? { state: 'done', outputs: {}, summary: `${program} was told to take it back` };
    },
    lookUndone: async (remembered) => undoneLook(await look(), remembered),
  };
}

/** An answer without JSON is a text: `answer == "on"`. What cannot be judged by it is no answer. */
function judged(expect: string | undefined, stdout: string, program: string): Look {
  const text = stdout.trim();
  const answer: unknown = /^[[{"]/.test(text) ? jsonOf(program, text) : text;
  const outputs = typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? { ...answer } : { answer };
  if (expect === undefined) return { state: 'there', text: 'it is there', outputs };
  try {
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
