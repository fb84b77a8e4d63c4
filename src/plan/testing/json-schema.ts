/** As much of JSON Schema 2020-12 as the schema of plans uses. A keyword that is not known here fails, so that none is skipped. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const silent = new Set(['$schema', '$id', '$defs', 'title', 'description', 'examples', 'format', 'id', 'default']);

/** Whether a schema accepts data: an evaluator of its own, to judge the exported schema without the library that made it. */
export function accepts(schema: JsonSchema | boolean, data: unknown, root: JsonSchema = schema as JsonSchema): boolean {
  if (typeof schema === 'boolean') return schema;
  return Object.entries(schema).every(
    ([keyword, value]) => silent.has(keyword) || holds(keyword, value, data, schema, root),
  );
}

function holds(keyword: string, value: unknown, data: unknown, schema: JsonSchema, root: JsonSchema): boolean {
  const inner = (one: unknown, part: unknown): boolean => accepts(one as JsonSchema | boolean, part, root);
  const list = Array.isArray(data) ? data : undefined;
  const entries = isObject(data) ? Object.entries(data) : [];
  const known = Object.keys((schema['properties'] ?? {}) as object);
  switch (keyword) {
    case '$ref':
      return inner(resolve(root, String(value)), data);
    case 'type':
      return [value].flat().some((type) => isOfType(data, String(type)));
    case 'const':
      return data === value;
    case 'enum':
      return (value as unknown[]).includes(data);
    case 'anyOf':
      return (value as unknown[]).some((one) => inner(one, data));
    case 'oneOf':
      return (value as unknown[]).filter((one) => inner(one, data)).length === 1;
    case 'allOf':
      return (value as unknown[]).every((one) => inner(one, data));
    case 'not':
      return !inner(value, data);
    case 'properties':
      return entries.every(([key, part]) => !known.includes(key) || inner((value as JsonSchema)[key], part));
    case 'required':
      return !isObject(data) || (value as string[]).every((key) => Object.hasOwn(data, key));
    case 'additionalProperties':
      return entries.every(([key, part]) => known.includes(key) || inner(value, part));
    case 'propertyNames':
      return entries.every(([key]) => inner(value, key));
    case 'minProperties':
      return !isObject(data) || entries.length >= Number(value);
    case 'maxProperties':
      return !isObject(data) || entries.length <= Number(value);
    case 'prefixItems':
      return (list ?? []).every(
        (item, index) => index >= (value as unknown[]).length || inner((value as unknown[])[index], item),
      );
    case 'items':
      return (list ?? [])
        .slice(((schema['prefixItems'] ?? []) as unknown[]).length)
        .every((item) => inner(value, item));
    case 'minItems':
      return list === undefined || list.length >= Number(value);
    case 'minLength':
      return typeof data !== 'string' || data.length >= Number(value);
    case 'maxLength':
      return typeof data !== 'string' || data.length <= Number(value);
    case 'pattern':
      return typeof data !== 'string' || new RegExp(String(value), 'u').test(data);
    case 'minimum':
      return typeof data !== 'number' || data >= Number(value);
    case 'maximum':
      return typeof data !== 'number' || data <= Number(value);
    case 'exclusiveMinimum':
      return typeof data !== 'number' || data > Number(value);
    default:
      throw new Error(`the keyword ${keyword} of JSON Schema is not known to this test`);
  }
}

const isObject = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

function isOfType(data: unknown, type: string): boolean {
  if (type === 'null') return data === null;
  if (type === 'array') return Array.isArray(data);
  if (type === 'object') return isObject(data);
  return type === 'integer' ? Number.isInteger(data) : typeof data === type;
}

/** `#`, `#/$defs/step` */
function resolve(root: JsonSchema, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((at, part) => (at as JsonSchema)[part], root);
}
