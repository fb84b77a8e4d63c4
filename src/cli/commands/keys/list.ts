import { withRings } from '../../../app/index.ts';
import { keysOf, type KeyEntry } from '../../../repository/index.ts';
import type { Command } from '../../command.ts';
import { ringRequest } from './ring-request.ts';

export const command: Command = {
  description:
    'Lists who can open the copies, store by store: each key with its holder, its epoch and when it was made, and whether what you have opens it. A store whose keys are of an earlier epoch than those of another one of the same repository is behind. Nothing of a list is secret. The exit code is 1 if a key is not vouched for, or a store is behind; 4 if a store did not answer.',
  examples: ['lifeboat keys list', 'lifeboat keys list --key /media/usb/lifeboat.key   # what does this key open?'],
  run: async (context) =>
    withRings(await ringRequest(context), async ({ groups, behind }) => {
      const { output } = context;
      const stores: Record<string, unknown>[] = [];
      let sound = true;
      for (const group of groups) {
        const newest = Math.max(...group.map(({ ring }) => ring.bundle.epoch));
        for (const { store, ring } of group) {
          const keys = await keysOf(ring, { prove: true });
          const isBehind = ring.bundle.epoch < newest;
          sound &&= !isBehind && keys.every(({ vouched }) => vouched);
          output.line(`${store}: ${ring.store.location}, fingerprint ${ring.fingerprint}, epoch ${ring.bundle.epoch}`);
          if (isBehind)
            output.line(
              `${output.mark(false)} ${store} is behind epoch ${newest}: lifeboat keys rotate brings it along`,
            );
          output.table(['key', 'kind', 'for', 'made', '>epoch', 'opened now', 'vouched for'], keys.map(row));
          output.line();
          stores.push({
            store,
            repository: ring.repository,
            fingerprint: ring.fingerprint,
            epoch: ring.bundle.epoch,
            behind: isBehind,
            keys: keys.map(keyJson),
          });
        }
      }
      for (const { store, error } of behind) output.line(`${output.mark(false)} ${store}: ${error.message}`);
      const json = { stores, failures: behind.map(({ store, error }) => ({ store, ...error.toJSON() })) };
      if (behind[0] !== undefined) return { json, error: behind[0].error };
      return { json, exitCode: sound ? 0 : 1 };
    }),
};

const row = (key: KeyEntry): string[] => [
  key.id,
  key.kind,
  key.shares === undefined
    ? (key.label ?? key.recipients.join(', '))
    : `${key.label ?? ''}: ${key.shares.holders.join(', ')} (set ${key.shares.set})`,
  key.created,
  String(key.epoch ?? '?'),
  key.opens ? 'yes' : 'no',
  key.vouched ? 'yes' : 'NO',
];

export const keyJson = (key: KeyEntry): Record<string, unknown> => ({
  id: key.id,
  kind: key.kind,
  label: key.label ?? null,
  created: key.created,
  epoch: key.epoch ?? null,
  recipients: key.recipients,
  shares: key.shares ?? null,
  vouched: key.vouched,
  opens: key.opens,
});
