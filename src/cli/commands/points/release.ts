import { releaseHold } from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { holdJson } from './hold-words.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Takes a hold away in every store that has it: from then on the points that it kept are judged by the plan again. No point is touched. A legal hold before its end, and one that cannot be read, stays unless --anyway is given. The journal keeps what was held, by whom and why. The exit code is 4 if a store did not answer: the hold may be there still.',
  arguments: [{ name: 'HOLD', summary: 'the id of the hold; `lifeboat points holds` lists them' }],
  options: [{ flags: '--anyway', summary: 'also a legal hold, or one that cannot be read' }],
  examples: ['lifeboat points release 01kb9c3r8x0000000000000000'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const id = input.argument('HOLD');
      const options = { anyway: input.flag('anyway'), signal: context.signal };
      const { hold, stores, failures } = await releaseHold(workspace, id, options);
      context.output.line(
        stores.length === 0
          ? `The hold ${id} was released before; no store has it any more.`
          : `The hold ${id} is released in ${stores.join(', ')}.`,
      );
      for (const { store, error } of failures)
        context.output.line(
          `${context.output.mark(false)} ${store} did not answer, it may be held there still: ${error.message}`,
        );
      const json = {
        hold: hold === undefined ? { id } : holdJson(hold, stores),
        released: stores,
        failures: failures.map(({ store, error }) => ({ store, ...error.toJSON() })),
      };
      return failures[0] === undefined ? { json } : { json, error: failures[0].error };
    }),
};
