import type { MapNode, PlanNode } from './node.ts';

/** `${NAME}` of a shell is no expression of the plan: in scenarios it is written `$${NAME}`, which reads as it stood. */
export function plainDollars(root: MapNode): MapNode {
  const scenarios = root.entries.get('scenarios');
  if (scenarios === undefined) return root;
  const entries = new Map(root.entries);
  entries.set('scenarios', escaped(scenarios));
  return { ...root, entries };
}

function escaped(node: PlanNode): PlanNode {
  if ('entries' in node)
    return { ...node, entries: new Map([...node.entries].map(([key, inner]) => [key, escaped(inner)])) };
  if ('items' in node) return { ...node, items: node.items.map(escaped) };
  return typeof node.value === 'string' ? { ...node, value: node.value.replaceAll('${', '$$$${') } : node;
}
