import { parseDocument } from 'yaml';
import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { readDuration } from '../words/durations.ts';
import { mapping, scalar, type PlanNode } from '../write/node.ts';

/** Alert rules of Prometheus in blocks of YAML: names, thresholds, how long they wait. */
export function recogniseAlerts(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code' || !/^\s*-?\s*alert:/m.test(block.text)) continue;
      const lines = block.text.split('\n');
      for (const rule of rulesIn(block.text)) {
        const at = lines.findIndex((line) => new RegExp(`alert:\\s*['"]?${escaped(rule.alert)}['"]?\\s*$`).test(line));
        const line = block.line + Math.max(0, at);
        const end = lines.findIndex((one, index) => index > at && /^\s*-\s*alert:/.test(one));
        alert(draft, rule, line, block.line + (end === -1 ? lines.length : end) - 1);
      }
    }
  }
}

/** `Notification: alert if a backup fails`, `(success and freshness alerts)`: alerts in words, mostly without a number. */
export function recogniseAlertWords(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      const lines = block.kind === 'list' ? block.items : block.kind === 'paragraph' ? block.lines : [];
      for (const { text, line } of lines) {
        if (!/\balerts?\b/i.test(text) || !/\bback ?ups?\b|snapshot|replica/i.test(text) || /^\d/.test(text)) continue;
        const older = /\b(older than|not (run|completed)|no (new )?backup|stale|fresh\w*)\b/i.test(text);
        const failure = /\b(fails?|failures?|failed|success)\b/i.test(text);
        const age = older ? readDuration(text) : undefined;
        const kinds = [...(failure ? ['failure'] : []), ...(older ? ['freshness'] : [])];
        for (const kind of kinds) {
          const node = {
            kind: scalar(kind, line),
            ...(kind === 'freshness' && age !== undefined ? { olderThan: scalar(age.words, line) } : {}),
            says: scalar(text, line),
          };
          draft.declare('alerts', `backup ${kind}`, mapping(node, line));
        }
        if (kinds.length > 0) draft.understood(line, `alerts of ${kinds.join(' and ')}, in words`);
      }
    }
  }
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string | undefined;
  readonly severity: string | undefined;
  readonly message: string | undefined;
}

function rulesIn(text: string): Rule[] {
  const parsed = parseDocument(text, { prettyErrors: false });
  if (parsed.errors.length > 0) return [];
  const found: Rule[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > 8) return;
    if (!Array.isArray(value) && isRule(value)) found.push(ruleOf(value));
    else for (const inner of Object.values(value)) walk(inner, depth + 1);
  };
  walk(valueOf(parsed), 0);
  return found;
}

/** Aliases that unfold without end are an attack, not a rule. */
function valueOf(parsed: ReturnType<typeof parseDocument>): unknown {
  try {
    return parsed.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) return undefined; // the block is left over, and reported as such
    throw error;
  }
}

const isRule = (value: object): value is { alert: string; expr: unknown } =>
  'alert' in value && typeof value.alert === 'string' && 'expr' in value;

function ruleOf(value: { alert: string; expr: unknown }): Rule {
  const rule = value as Record<string, unknown>;
  const inside = (key: string, name: string): unknown => {
    const part = rule[key];
    return typeof part === 'object' && part !== null && name in part
      ? (part as Record<string, unknown>)[name]
      : undefined;
  };
  const text = (...found: unknown[]): string | undefined =>
    found.find((one): one is string => typeof one === 'string' && one !== '');
  return {
    alert: value.alert,
    expr: String(value.expr),
    for: text(rule['for']),
    severity: text(rule['severity'], inside('labels', 'severity')),
    message: text(rule['message'], inside('annotations', 'summary'), inside('annotations', 'description')),
  };
}

function alert(draft: Draft, rule: Rule, line: number, endLine: number): void {
  const seconds = />=?\s*(\d{2,10})(?:\s*\*\s*(\d+))?\s*$/.exec(rule.expr);
  const isAge = /^\s*time\(\)\s*-/.test(rule.expr);
  const share = /\babs\b|\bavg_over_time\b|\bstddev/.test(rule.expr)
    ? />=?\s*(0?\.\d+)\s*$/.exec(rule.expr)?.[1]
    : undefined;
  const span = /\[(\d+[smhdw])\]/.exec(rule.expr)?.[1];
  const metric = /\b([a-z_]+_(?:timestamp(?:_seconds)?|bytes|total|seconds))\b/.exec(rule.expr)?.[1];
  const priority = { critical: 'critical', page: 'critical', warning: 'warning', info: 'info' }[
    rule.severity?.toLowerCase() ?? ''
  ];
  const about = `${rule.alert} ${rule.expr} ${rule.message ?? ''}`;
  const drill = /drill|(dr|recovery|restore)[\s_]?test/i.test(about);
  const waits = rule.for === undefined ? undefined : readDuration(rule.for);
  const node: Record<string, PlanNode | undefined> = {
    kind: scalar(
      share !== undefined ? 'size' : isAge ? 'freshness' : /fail|error/i.test(rule.alert) ? 'failure' : 'health',
    ),
    ...(drill ? { watch: mapping({ drill: scalar('any', undefined, 'guessed from its words') }) } : {}),
    ...(isAge && seconds !== null
      ? { olderThan: scalar(secondsWords(Number(seconds[1]) * Number(seconds[2] ?? 1)), line + 1) }
      : {}),
    ...(share === undefined ? {} : { changesBy: scalar(`${Math.round(Number(share) * 100)}%`, line + 1) }),
    ...(share === undefined || span === undefined ? {} : { over: scalar(span) }),
    ...(waits === undefined ? {} : { for: scalar(waits.words, line + 2) }),
    ...(priority === undefined ? {} : { priority: scalar(priority) }),
    ...(metric === undefined ? {} : { metric: scalar(metric) }),
    query: scalar(rule.expr, line + 1),
    ...(rule.message === undefined ? {} : { says: scalar(rule.message) }),
  };
  const name = draft.declare('alerts', rule.alert.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_'), mapping(node, line));
  draft.understood(line, `the alert ${name}`, endLine);
}

/** In the largest unit that leaves no rest: 86400 is `1d`. */
function secondsWords(seconds: number): string {
  for (const [letter, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds % size === 0) return `${seconds / size}${letter}`;
  return `${seconds}s`;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
