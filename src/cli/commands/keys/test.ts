import { keyTestRecord, testKeys } from '../../../app/index.ts';
import { isoTime } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import { ringRequestOf } from './ring-request.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Proves that a key opens the copies: with nothing but the key it opens each store, reads the canary of every epoch and decrypts real content of the newest point. Give the key that is kept away for the bad day with --key, best on a machine and with a folder of state that know nothing: losing the key loses everything, and nobody notices until then. The result goes into the journal, red ones too. The exit code is 1 if a store does not open.',
  examples: [
    'lifeboat keys test --key /media/safe/lifeboat.key --state /tmp/clean',
    'lifeboat keys test --key share-1.txt --key share-3.txt',
    'lifeboat keys test   # the keys that the plan names on this machine: not the ones in the safe',
  ],
  run: async (context) =>
    withWorkspace(context, async ({ plan, clock, journal }) => {
      const { output } = context;
      const tests = await testKeys(ringRequestOf(context, plan, clock), journal);
      for (const test of tests) {
        if ('error' in test) {
          output.line(`${output.mark(false)} ${test.store}: ${test.error.message}`);
          continue;
        }
        const { proof } = test;
        const canary =
          proof.canaries.length === 0 ? 'no canary in the store' : `canary of epoch ${proof.canaries.join(', ')} read`;
        const content =
          proof.point === undefined
            ? 'no point yet'
            : `${proof.plainBytes} bytes of ${proof.point.asset} decrypted (data of ${isoTime(proof.point.atMs)})`;
        output.line(
          `${output.mark(true)} ${test.store}: opened by ${proof.key?.label ?? proof.key?.kind ?? 'a key'}; ${canary}; ${content}`,
        );
      }
      const escrowed = context.unlock !== undefined;
      if (!escrowed) output.line('This tried the keys of this machine. The one in the safe is tried with --key.');
      const failed = tests.find((test) => 'error' in test);
      const json = { escrowed, stores: tests.map(keyTestRecord) };
      return failed !== undefined && 'error' in failed ? { json, error: failed.error } : { json };
    }),
};
