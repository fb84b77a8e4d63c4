import { isLifeboatError, LifeboatError } from '../core/index.ts';
import type { RestoreReport } from '../operations/index.ts';
import { isInside, type RunnerTools } from '../procedures/index.ts';
import type { Bubble } from './bubble.ts';

/** So often a point is chosen where each was let go before it was read. */
const choicesMax = 5;

/**
 * The same hands, but they cannot reach outside the bubble, and what they restored is known afterwards. `choose` says which point of an asset is restored,
 * undefined for the newest; it is asked again, with the one that it chose, where retention let that go before it was read.
 */
export function glovesFor(
  tools: RunnerTools,
  bubble: Bubble,
  choose: (asset: string, gone?: string) => Promise<string | undefined>,
): { tools: RunnerTools; restored: RestoreReport[]; messages: { channel: string; subject: string }[] } {
  const restored: RestoreReport[] = [];
  const messages: { channel: string; subject: string }[] = [];
  const gloved: RunnerTools = {
    ...tools,
    backup: async (asset) => {
      throw new LifeboatError('drill.bubble', `a drill takes no recovery point of ${asset}: it archives nowhere`, {
        hint: 'Let the step run on the real day only: if: "${!environment.ephemeral}".',
      });
    },
    restore: async (request) => {
      if (!isInside(bubble.environment.folder, request.target)) {
        throw new LifeboatError('drill.bubble', `${request.target} is outside the bubble`);
      }
      // A point or a moment that the procedure names is the one that the real day would take.
      const isNamed = request.point !== undefined || request.atMs !== undefined;
      let gone: string | undefined;
      for (let choices = 1; ; choices += 1) {
        const point = isNamed ? request.point : await choose(request.asset, gone);
        try {
          const report = await tools.restore({ ...request, ...(point === undefined ? {} : { point }), stay: false });
          restored.push(report);
          return report;
        } catch (error) {
          if (isNamed || choices === choicesMax || !isLifeboatError(error, 'point.missing')) throw error;
          gone = point;
        }
      }
    },
    notify: async ({ channel, subject }) => {
      messages.push({ channel, subject });
      tools.workspace.progress.note(`[DRILL] kept in the bubble, not sent to ${channel}: ${subject}`);
      return `what ${channel} would have been told was kept in the bubble`;
    },
  };
  return { tools: gloved, restored, messages };
}
