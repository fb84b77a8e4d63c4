import { withRings } from '../../../app/index.ts';
import { systemClock, type LifeboatError } from '../../../core/index.ts';
import { takeKeyOut } from '../../../repository/index.ts';
import type { Command } from '../../command.ts';
import { failuresOf, ringRequest } from './ring-request.ts';

export const command: Command = {
  description:
    'Takes a key out of every store of the plan that answers: its holder can open nothing with it any more that is opened through these stores. It is refused unless what you have opens each store by another key, tried there and then. This does not take back what was known: whoever opened the copies before, or kept a copy of the key object, can read all that was sealed up to the next rotation, so rotate afterwards (with --rekey what is there is sealed anew, too).',
  arguments: [{ name: 'KEY', summary: 'the id, recipient or label of the key, as keys list shows it' }],
  examples: [
    'lifeboat keys remove 01kb9c3r8x0000000000000000',
    'lifeboat keys remove "Anna, on call" && lifeboat keys rotate',
  ],
  run: async (context, input) =>
    withRings(await ringRequest(context), async ({ groups, behind }) => {
      const { output } = context;
      const removed: { store: string; key: string; kept: boolean; error?: LifeboatError }[] = [];
      for (const group of groups) {
        const rings = group.map(({ ring }) => ring);
        const { removed: key, stores } = await takeKeyOut(rings, input.argument('KEY'), systemClock);
        stores.forEach(({ error, kept }, i) =>
          removed.push({
            store: group[i]?.store ?? '',
            key: key.id,
            kept: kept.length > 0,
            ...(error === undefined ? {} : { error }),
          }),
        );
      }
      const done = removed.filter(({ error }) => error === undefined);
      for (const { store, key, kept } of done) {
        if (kept)
          output.line(
            `${output.mark(false)} ${store} keeps the key ${key}: a lock or hold is on it, and it opens until that ends`,
          );
        else output.line(`${output.mark(true)} ${store}: key ${key} removed`);
      }
      output.line(
        'Its holder can still read what was sealed so far, if they kept the key object or opened the copies before.',
      );
      output.line('What comes after is closed to them by: lifeboat keys rotate');
      output.line('What is there is sealed anew, and the old deleted, by: lifeboat keys rotate --rekey');
      const { failures, error } = failuresOf(context, [...removed, ...behind]);
      const json = { removed: done.map(({ store, key, kept }) => ({ store, key, kept })), failures };
      if (error !== undefined) return { json, error };
      return { json, exitCode: done.some(({ kept }) => kept) ? 1 : 0 };
    }),
};
