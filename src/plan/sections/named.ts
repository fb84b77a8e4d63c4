import type { z } from 'zod';
import type { Inspection } from '../inspection.ts';
import { modelOf } from '../schema/model-of.ts';

/** The declarations of a section that one schema describes, as the model says them; what is wrong is reported and left out. */
export function readNamed<T>(
  inspection: Inspection,
  section: string,
  schema: z.ZodType,
  timezone: string,
  finish: (declaration: never) => T = (declaration) => declaration as T,
): Map<string, T> {
  const read = new Map<string, T>();
  for (const [name, written] of inspection.entries(section)) {
    if (inspection.read(schema, written, [section, name]) === undefined) continue;
    read.set(name, finish(modelOf(schema, written, timezone) as never));
  }
  return read;
}

/** A section that is one declaration, or undefined when it is not there or wrong. */
export function readOne<T>(
  inspection: Inspection,
  section: string,
  schema: z.ZodType,
  timezone: string,
): T | undefined {
  const written = inspection.root[section];
  if (written === undefined || inspection.read(schema, written, [section]) === undefined) return undefined;
  return modelOf(schema, written, timezone) as T;
}
