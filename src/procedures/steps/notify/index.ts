import { z } from 'zod';
import type { StepKind } from '../../step.ts';

const schema = z.strictObject({
  channel: z.string().min(1),
  template: z.string().min(1).optional(),
  text: z.string().min(1).optional(),
});
type Settings = z.infer<typeof schema>;

/**
 * `notify: { channel: ops, template: resolved }`. Messages go to the console; templates are filled once channels exist, until
 * then the message says which one it would be. After a crash a message may come twice, with the same key: better than never.
 */
export const notifyStep: StepKind<Settings> = {
  kind: 'notify',
  schema,
  destructive: false,
  title: ({ channel }) => `tell ${channel}`,
  describe: async ({ settings }, { mode }) => ({
    certainty: 'predicted',
    text: mode === 'drill' ? 'shown here; nothing leaves the bubble' : `on the console, for ${settings.channel}`,
  }),
  run: async ({ id, key, settings }, context) => {
    const { channel, text, template } = settings;
    const subject =
      template === undefined ? `${id} (${context.environment.name})` : `${template} (${context.environment.name})`;
    const body = text ?? `The step ${id} was reached.`;
    await context.notify({ key, channel, subject, body });
    return {
      state: 'done',
      outputs: { channel },
      summary: context.mode === 'drill' ? 'kept inside the bubble' : `told ${channel}`,
    };
  },
};
