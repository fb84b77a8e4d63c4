import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import type { StepKind } from '../../procedures/index.ts';
import { linesIn } from '../../testing/lines.ts';

const schema = z.strictObject({
  ledger: z.string(),
  line: z.string(),
  /** Before its effect, and after it. */
  takesMs: z.number().optional(),
  staysMs: z.number().optional(),
});

/** An effect is a line in a ledger: one that stands there twice happened twice. It can be asked whether it did. `hurried`: it takes no time. */
export const ledgerStep = (hurried: boolean): StepKind<z.output<typeof schema>> => ({
  kind: 'ledger',
  schema,
  destructive: true,
  title: ({ line }) => `write ${line}`,
  describe: async () => ({ certainty: 'predicted', text: 'writes a line' }),
  run: async ({ settings: { ledger, line, takesMs = 0, staysMs = 0 } }, { clock, signal }) => {
    if (!hurried) await clock.sleep(takesMs, signal);
    appendFileSync(ledger, `${line}\n`);
    if (!hurried) await clock.sleep(staysMs, signal);
    return { state: 'done', outputs: { line }, summary: `wrote ${line}` };
  },
  undo: async ({ settings: { ledger, line }, outputs }) => {
    const undone = `undone-${line}`;
    // Twice is once: what is gone on with after a crash finds its line.
    if (outputs?.['line'] === line && !linesIn(ledger).includes(undone)) appendFileSync(ledger, `${undone}\n`);
    return { state: 'done', outputs: {}, summary: `took back ${line}` };
  },
  prove: async ({ settings: { ledger, line } }, _, is) => {
    const seen = linesIn(ledger).includes(is === 'done' ? line : `undone-${line}`);
    return { state: seen ? 'proved' : 'refuted', text: `${line} is ${seen ? '' : 'not '}${is}` };
  },
  inspect: async ({ settings: { ledger, line } }) => (linesIn(ledger).includes(line) ? 'done' : 'not-done'),
});
