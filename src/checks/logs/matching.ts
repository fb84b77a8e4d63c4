import { createContext, Script } from 'node:vm';
import { LifeboatError, limits } from '../../core/index.ts';

const script = new Script('lines.filter((line) => expression.test(line))');

/** Lines are cut here before they are looked at: what is longer is no line of a log. */
const lineCharactersMax = 16 * 2 ** 10;

/**
 * The lines that fit. A pattern may take for ever on one line (`(a+)+b`), and nothing else would be done meanwhile: it is ended.
 * Throws `check.failed`.
 */
export function matching(expression: RegExp, lines: readonly string[]): string[] {
  const cut = lines.map((line) => line.slice(0, lineCharactersMax));
  try {
    return [
      ...(script.runInContext(createContext({ lines: cut, expression }), { timeout: limits.patternMs }) as string[]),
    ];
  } catch (error) {
    throw new LifeboatError(
      'check.failed',
      `the pattern takes longer than ${limits.patternMs / 1000} s on these lines`,
      {
        hint: 'Repetitions inside repetitions do that: write a plainer one.',
        cause: error,
      },
    );
  }
}
