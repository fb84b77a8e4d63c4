import type { Draft } from './draft.ts';
import type { MapNode, PlanNode } from './write/node.ts';

/** Passwords and keys of the document do not move into the plan: where one stood, it says so. */
export function withoutSecrets(root: MapNode, draft: Draft): MapNode {
  const clean = (node: PlanNode, line: number): PlanNode => {
    const at = node.line ?? line;
    const note = node.note === undefined ? undefined : masked(node.note);
    if ('entries' in node)
      return { ...node, note, entries: new Map([...node.entries].map(([key, inner]) => [key, clean(inner, at)])) };
    if ('items' in node) return { ...node, note, items: node.items.map((item) => clean(item, at)) };
    if (typeof node.value !== 'string') return node;
    const value = masked(node.value);
    if (value === node.value) return { ...node, note };
    draft.guessed(at, 'a secret stands in the document: it was left out; change it, and name its source instead');
    return { ...node, value, note: 'a secret was left out' };
  };
  return clean(root, 1) as MapNode;
}

const left = '[left out]';

export function masked(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^:/?#@\s]*):[^@/\s]+@/gi, '$1@')
    .replaceAll(/AGE-SECRET-KEY-1[A-Z0-9]*/gi, left)
    .replaceAll(/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, left)
    .replaceAll(/\b(gh[pousr]_|xox[abprs]-|sk-)[A-Za-z0-9-]{16,}\b/g, left)
    .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, left)
    .replaceAll(
      /\b(\w*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|API_KEY|ACCESS_KEY|TOKEN))=(?!\$|\[|<|\s|$)("[^"$]*"|'[^']*'|[^\s"'$]+)/gi,
      `$1=${left}`,
    )
    .replaceAll(
      /(--(?:password|passphrase|secret|token|api-key)[= ])(?!\$|\[|<|-|"\$)("[^"]*"|'[^']*'|\S+)/gi,
      `$1${left}`,
    );
}
