import type { CelNode } from './expression-language.ts';

/** Paths of the names in a parsed expression, without those that a macro binds (`rows.all(row, …)`). */
export function namesOf(node: unknown, bound: ReadonlySet<string> = new Set()): string[][] {
  if (Array.isArray(node)) return node.flatMap((part) => namesOf(part, bound));
  if (typeof node !== 'object' || node === null || !('op' in node)) return [];
  const { op, args } = node as CelNode;
  const path = pathOf(node as CelNode);
  if (path !== undefined) return bound.has(path[0] ?? '') ? [] : [path];
  if (op === 'rcall' && Array.isArray(args)) return namesOfCall(args, bound);
  return namesOf(args, bound);
}

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

function namesOfCall(args: readonly unknown[], bound: ReadonlySet<string>): string[][] {
  const [name, receiver, passed] = args;
  const first: unknown = Array.isArray(passed) ? passed[0] : undefined;
  const variable = typeof name === 'string' && macros.has(name) ? pathOf(first as CelNode)?.[0] : undefined;
  const inner = variable === undefined ? bound : new Set([...bound, variable]);
  return [...namesOf(receiver, bound), ...namesOf(passed, inner)];
}

function pathOf(node: CelNode | undefined): string[] | undefined {
  if (node?.op === 'id' && typeof node.args === 'string') return [node.args];
  if (node?.op !== '.' || !Array.isArray(node.args)) return undefined;
  const [object, field] = node.args as [CelNode, unknown];
  const before = pathOf(object);
  return before === undefined || typeof field !== 'string' ? undefined : [...before, field];
}

/** Every plain name in a parsed expression, with its place in the text. */
export function identifiersIn(node: unknown): (CelNode & { start: number; end: number })[] {
  if (Array.isArray(node)) return node.flatMap(identifiersIn);
  if (typeof node !== 'object' || node === null || !('op' in node)) return [];
  if (node.op === 'id') return [node as CelNode & { start: number; end: number }];
  return 'args' in node ? identifiersIn(node.args) : [];
}
