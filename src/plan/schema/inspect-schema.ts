import type { z } from 'zod';
import type { Path } from '../document.ts';

/** The keys that a schema knows at a path, over all readings that it allows there. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  const found = schemasAt([schema], path).flatMap((one) => {
    const def = one.def as unknown as Description;
    return def.type === 'object' ? Object.keys(def.shape ?? {}) : [];
  });
  return [...new Set(found)];
}

/** The one schema of a mapping at a path, if there is one. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  return schemasAt([schema], path).find((one) => one.def.type === 'object');
}

function schemasAt(schemas: readonly z.ZodType[], path: Path): z.ZodType[] {
  let reached = schemas.flatMap((schema) => unwrapped(schema, 0));
  for (const part of path)
    reached = reached.flatMap((schema) => insideOf(schema, part)).flatMap((schema) => unwrapped(schema, 0));
  return reached;
}

/** As much of zod's description of a schema as is walked here. */
interface Description {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly getter?: () => z.ZodType;
}

const wrappersMax = 20;

/** Through optional, default, pipe, union and lazy to what says the shape, or to what the caller knows as a whole. */
export function unwrapped(
  schema: z.ZodType,
  wrappers: number,
  isWhole: (schema: z.ZodType) => boolean = () => false,
): z.ZodType[] {
  const def = schema.def as unknown as Description;
  if (wrappers > wrappersMax) return [];
  if (isWhole(schema)) return [schema];
  if (def.type === 'union') return (def.options ?? []).flatMap((option) => unwrapped(option, wrappers + 1, isWhole));
  const inner = def.type === 'lazy' ? def.getter?.() : (def.in ?? def.innerType);
  return inner === undefined ? [schema] : unwrapped(inner, wrappers + 1, isWhole);
}

/** The schemas of what stands under a key or index of a mapping, record or list. */
export function insideOf(schema: z.ZodType, part: string | number): z.ZodType[] {
  const def = schema.def as unknown as Description;
  if (def.type === 'object') {
    const found = Object.hasOwn(def.shape ?? {}, part) ? def.shape?.[part] : undefined;
    return found === undefined ? [] : [found];
  }
  const inner = def.type === 'array' ? def.element : def.type === 'record' ? def.valueType : undefined;
  return inner === undefined ? [] : [inner];
}
