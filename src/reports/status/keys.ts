import { formatDuration } from '../../core/index.ts';
import type { KeyDeclaration } from '../../plan/index.ts';
import type { StatusFacts } from './facts.ts';
import type { KeyStatus } from './status-types.ts';

interface TestRecord {
  readonly escrowed: boolean;
  readonly stores: readonly {
    readonly store: string;
    readonly ok: boolean;
    readonly key?: { readonly kind?: string; readonly label?: string | null } | null;
    readonly error?: { readonly message?: string };
  }[];
}

/** Each key of the plan, with the newest test that names it, or that can only have been of it. */
export function keysStatus({ plan, records, nowMs }: StatusFacts): KeyStatus[] {
  const tests = records
    .filter(({ kind }) => kind === 'keys.tested')
    .map(({ atMs, data }) => ({ atMs, ...(data as unknown as TestRecord) }));
  const alone = plan.keys.size === 1;
  const last = tests.at(-1);
  const failed = last?.stores.find(({ ok }) => !ok);
  return [...plan.keys.values()].map((key, position) => {
    const green = tests.findLast(({ stores }) => stores.some(({ ok, key: used }) => ok && (alone || isOf(key, used))));
    return {
      key: key.name,
      testedMs: green?.atMs,
      escrowed: green?.escrowed,
      // A red test names no key: it is said once.
      problems:
        failed === undefined || position > 0
          ? []
          : [
              {
                code: 'key' as const,
                about: `the keys in ${failed.store}`,
                words: `did not open it ${formatDuration(Math.max(0, nowMs - (last?.atMs ?? nowMs)))} ago: ${failed.error?.message ?? 'no reason given'}`,
                hint: 'lifeboat keys test',
              },
            ],
    };
  });
}

function isOf(key: KeyDeclaration, used: TestRecord['stores'][number]['key']): boolean {
  if (used === undefined || used === null) return false;
  if (used.label !== undefined && used.label !== null)
    return used.label === key.name || key.recipients.includes(used.label);
  return used.kind === 'passphrase' ? key.passphrase !== undefined : key.recipients.length > 0;
}
