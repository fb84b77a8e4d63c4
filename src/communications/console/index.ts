import { z } from 'zod';
import type { NotifierKind } from '../notifier.ts';
import { textOfMessage } from '../outbox.ts';

const schema = z.strictObject({});

/** Shows messages where the process runs: for whoever sits there, and as the last resort. */
export const consoleNotifier: NotifierKind<z.infer<typeof schema>> = {
  type: 'console',
  schema,
  twice: 'seen',
  open: async (_, { say }) => ({
    location: 'this console',
    send: async (message) => {
      say(textOfMessage(message));
      return { answer: 'shown' };
    },
  }),
};
