import { isoTime, LifeboatError } from '../../../core/index.ts';
import { isHolding, listHolds } from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { holdJson } from './hold-words.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Lists the holds in all stores that answer: on which point or asset, of which kind, by whom, why, and until when. Nothing is changed. The exit code is 1 if a hold cannot be read (then nothing in its store goes by age), and 4 if a store did not answer.',
  examples: ['lifeboat points holds', 'lifeboat points holds --json | jq -r .holds[].reason'],
  run: async (context) =>
    withWorkspace(context, async (workspace) => {
      const { output } = context;
      const { holds, damage, unanswered } = await listHolds(workspace, context.signal);
      const nowMs = workspace.clock.now();
      if (holds.length === 0) output.line('Nothing is held.');
      else
        output.table(
          ['hold', 'kind', 'on', 'until', 'by', 'reason', 'stores'],
          holds.map(({ hold, stores }) => [
            hold.id,
            hold.kind,
            hold.asset === undefined ? (hold.point ?? '') : `all of ${hold.asset}`,
            hold.untilMs === undefined
              ? 'released'
              : `${isoTime(hold.untilMs)}${isHolding(hold, nowMs) ? '' : ' (over)'}`,
            hold.by,
            hold.reason,
            stores.join(', '),
          ]),
        );
      for (const { store, object, what } of damage)
        output.line(`${output.mark(false)} ${store}: ${object}: ${what}; nothing in ${store} goes by age`);
      for (const { store, error } of unanswered)
        output.line(`${output.mark(false)} ${store} did not answer: ${error.message}`);
      const json = {
        holds: holds.map(({ hold, stores }) => ({ ...holdJson(hold, stores), active: isHolding(hold, nowMs) })),
        damage,
        unanswered: unanswered.map(({ store, error }) => ({ store, ...error.toJSON() })),
      };
      if (damage[0] === undefined) return unanswered[0] === undefined ? { json } : { json, error: unanswered[0].error };
      const what = `${damage.length} hold${damage.length === 1 ? '' : 's'} cannot be read`;
      const hint = 'Bring the object back from another store, or release it: lifeboat points release ID --anyway';
      return { json, error: new LifeboatError(damage[0].code, what, { where: damage[0].object, hint }) };
    }),
};
