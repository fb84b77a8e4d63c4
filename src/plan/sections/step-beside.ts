import type { z } from 'zod';
import type { StepDeclaration, Thing } from '../model.ts';
import type { stepFrame } from '../schema/sections.ts';

type Read = Omit<z.output<z.ZodObject<typeof stepFrame>>, 'undo'> & {
  readonly undo?: string | Record<string, unknown> | undefined;
};
type Beside = Pick<
  StepDeclaration,
  | 'title'
  | 'command'
  | 'program'
  | 'in'
  | 'site'
  | 'owner'
  | 'window'
  | 'uses'
  | 'stops'
  | 'starts'
  | 'destructive'
  | 'idempotent'
  | 'undo'
  | 'takes'
  | 'makes'
>;

const kept = [
  'title',
  'command',
  'program',
  'in',
  'site',
  'owner',
  'window',
  'uses',
  'stops',
  'starts',
  'destructive',
  'idempotent',
] as const;

/** What a step says of itself beside what it does; only what is written is there. */
export function besideOf(read: Read): Beside {
  const entries = kept.filter((key) => read[key] !== undefined).map((key) => [key, read[key]]);
  return {
    ...(Object.fromEntries(entries) as Beside),
    ...(typeof read.undo === 'string' ? { undo: read.undo } : {}),
    ...(read.takes === undefined ? {} : { takes: read.takes.map(thingOf) }),
    ...(read.makes === undefined ? {} : { makes: read.makes.map(thingOf) }),
  };
}

function thingOf(text: string): Thing {
  const colon = text.indexOf(':');
  return { kind: text.slice(0, colon), name: text.slice(colon + 1).trim() };
}
