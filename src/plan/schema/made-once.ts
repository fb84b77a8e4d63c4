/** Making a schema costs far more than using it: what belongs to a kind is made once, however many declarations have it. */
export function madeOnce<T>(kind: object, use: string, make: () => T): T {
  const uses = made.get(kind) ?? new Map<string, unknown>();
  made.set(kind, uses);
  if (!uses.has(use)) uses.set(use, make());
  return uses.get(use) as T;
}

const made = new WeakMap<object, Map<string, unknown>>();
