import { resolve } from 'node:path';
import { withRings } from '../../../app/index.ts';
import { isoTime, LifeboatError, systemClock } from '../../../core/index.ts';
import { keysOf } from '../../../repository/index.ts';
import type { Command } from '../../command.ts';
import { failuresOf, ringRequest } from './ring-request.ts';
import { writeNewSecret } from './write-secret.ts';

export const command: Command = {
  description:
    'Puts shares together and says what they open; each share that was not copied right is named with the words that are wrong. Every other command takes shares directly (--key, once for each), so this is for trying them, or, with --to, for leaving the whole identity in a file that a machine needs for a while: then whoever reads that file has the key.',
  options: [{ flags: '--to <FILE>', summary: 'write the identity here, mode 0600; must not exist' }],
  examples: [
    'lifeboat keys combine --key share-1.txt --key share-3.txt',
    'lifeboat keys combine --key ask --key ask --to /run/lifeboat.key',
  ],
  run: async (context, input) => {
    const { output, unlock } = context;
    if (unlock === undefined)
      throw new LifeboatError('input.flag', 'no share was given', { hint: 'Give each with --key FILE, or --key ask.' });
    return withRings(await ringRequest(context), async ({ groups, behind }) => {
      const opens: { store: string; key: string; fingerprint: string }[] = [];
      for (const { store, ring } of groups.flat()) {
        const key = (await keysOf(ring)).find(({ id }) => id === ring.openedBy);
        opens.push({ store, key: ring.openedBy, fingerprint: ring.fingerprint });
        output.line(
          `${output.mark(true)} ${store} opens (${key?.label ?? 'a key without a label'}, fingerprint ${ring.fingerprint})`,
        );
      }
      const to = input.text('to');
      const file = to === undefined ? undefined : resolve(context.folder, to);
      if (file !== undefined) {
        const identity = (await unlock()).more?.find((way) => way.identity !== undefined)?.identity;
        if (identity === undefined)
          throw new LifeboatError('share.few', 'what was given is no share and no identity: there is nothing to write');
        await writeNewSecret(
          file,
          `# put together ${isoTime(systemClock.now())}: remove this file when the work is done\n${identity.reveal()}\n`,
        );
        output.line(`${output.mark(true)} identity written to ${file}: remove it when the work is done`);
      }
      const { failures, error } = failuresOf(context, behind);
      const json = { opens, identity: file ?? null, failures };
      return error === undefined ? { json } : { json, error };
    });
  },
};
