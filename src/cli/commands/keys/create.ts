import { resolve } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { isoTime, systemClock } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { writeNewSecret } from './write-secret.ts';

export const command: Command = {
  description:
    'Makes an age identity: the file is the only thing that opens what is sealed for its recipient, and is never shown or stored elsewhere. The recipient is public: name it in the plan under keys, and keep the file away from both the data and the copies. A machine needs it to back up as well as to restore.',
  options: [{ flags: '--identity <FILE>', summary: 'the file to make; must not exist', required: true }],
  examples: [
    'lifeboat keys create --identity /media/usb/lifeboat.key',
    '# then in the plan:  keys: { main: { recipients: [age1…], identity: { file: /media/usb/lifeboat.key }, domain: office } }',
  ],
  run: async (context, input) => {
    const file = resolve(context.folder, input.text('identity') as string);
    const identity = await generateIdentity();
    const recipient = await identityToRecipient(identity);
    await writeNewSecret(file, `# made ${isoTime(systemClock.now())}\n# recipient: ${recipient}\n${identity}\n`);
    context.output.line(`${context.output.mark(true)} identity written to ${file}`);
    context.output.line(`recipient ${recipient}`);
    return { json: { recipient, identity: file } };
  },
};
