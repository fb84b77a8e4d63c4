import { open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { isoTime, LifeboatError, messageOf, syncFolder, systemClock, systemCodeOf } from '../../core/index.ts';
import type { Command } from '../command.ts';

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
    await writeNew(file, `# made ${isoTime(systemClock.now())}\n# recipient: ${recipient}\n${identity}\n`);
    context.output.line(`${context.output.mark(true)} identity written to ${file}`);
    context.output.line(`recipient ${recipient}`);
    return { json: { recipient, identity: file } };
  },
};

async function writeNew(path: string, content: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } catch (error) {
      // Half an identity opens nothing, and would be in the way of the next try.
      await rm(path);
      throw error;
    } finally {
      await file.close();
    }
    // What is sealed for it is lost without it: the name must survive a power cut as well.
    await syncFolder(dirname(path));
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    throw new LifeboatError(
      exists ? 'input.exists' : 'input.file',
      `${path} ${exists ? 'exists already' : `cannot be written: ${messageOf(error)}`}`,
      {
        hint: exists
          ? 'An identity is never replaced: name another file.'
          : 'Name a file in a folder that you may write to.',
        cause: error,
      },
    );
  }
}
