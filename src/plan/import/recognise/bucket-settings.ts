import { list, mapping, scalar, type PlanNode } from '../write/node.ts';

/** What a command of the cloud sets on a bucket: a key of the store, and its value. */
export function bucketSetting(
  verb: string,
  flag: (...names: readonly string[]) => string | undefined,
  line: number,
): { key: string; node: PlanNode } | undefined {
  if (verb === 'put-bucket-versioning') {
    const enabled = /Status=Enabled/i.test(flag('--versioning-configuration') ?? '');
    return { key: 'versioning', node: scalar(enabled, line) };
  }
  if (verb === 'put-bucket-encryption') {
    const algorithm = /"SSEAlgorithm"\s*:\s*"([^"]+)"/.exec(flag('--server-side-encryption-configuration') ?? '')?.[1];
    return { key: 'encryption', node: scalar(algorithm === undefined ? 'on' : algorithm.toLowerCase(), line) };
  }
  if (verb !== 'put-bucket-lifecycle-configuration') return undefined;
  const rules = lifecycleOf(flag('--lifecycle-configuration') ?? '', line);
  return rules.length === 0 ? undefined : { key: 'lifecycle', node: list(rules, line) };
}

function lifecycleOf(text: string, line: number): PlanNode[] {
  const parsed = parsedJson(text);
  const rules = isRecord(parsed) && Array.isArray(parsed['Rules']) ? parsed['Rules'] : [];
  return rules.flatMap((rule): PlanNode[] => {
    if (!isRecord(rule)) return [];
    const transitions = Array.isArray(rule['Transitions']) ? rule['Transitions'] : [];
    const moves = transitions.flatMap((move): PlanNode[] =>
      isRecord(move) && isDays(move['Days'])
        ? [
            mapping({
              after: scalar(`${move['Days']}d`, line),
              class: scalar(String(move['StorageClass'] ?? 'other').toLowerCase()),
            }),
          ]
        : [],
    );
    const old = isRecord(rule['NoncurrentVersionExpiration'])
      ? rule['NoncurrentVersionExpiration']['NoncurrentDays']
      : undefined;
    const end = isRecord(rule['Expiration']) ? rule['Expiration']['Days'] : undefined;
    return [
      ...moves,
      ...(isDays(end) ? [mapping({ after: scalar(`${end}d`, line), expire: scalar(true) })] : []),
      ...(isDays(old)
        ? [mapping({ after: scalar(`${old}d`, line), expire: scalar(true), versions: scalar(true) })]
        : []),
    ];
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a variable or a file stands there: nothing is known of the rules
    throw error;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isDays = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
