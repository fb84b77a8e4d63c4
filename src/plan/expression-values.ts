/** Variables as CEL understands them: whole numbers are its int, so that `value + 1` and `value % 2` work. */
export function prepared(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, celOf(value)]));
}

function celOf(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(celOf);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return prepared(value as Record<string, unknown>);
}

/** What CEL gave, as plain data for JSON: a whole number beyond 2^53 becomes a text rather than a wrong number. */
export function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [String(key), plainOf(part)]));
  if (typeof value !== 'object' || value === null) return value;
  // CEL's own objects (durations, types) say themselves best as text.
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainOf(part)]));
}
