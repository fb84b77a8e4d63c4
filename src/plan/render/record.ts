import { relative } from 'node:path';
import { z } from 'zod';
import { contentHash } from '../canonical.ts';
import { isAssembled } from '../assemble.ts';
import type { PlanDocument } from '../document.ts';
import { isMapping } from '../inspection.ts';
import type { Plan } from '../model.ts';
import type { RunbookRecord } from './model.ts';

/** A file of the plan, with the SHA-256 of its bytes. */
export interface PlanFile {
  readonly file: string;
  readonly sha256: string;
}

/** What a rendered file carries of the plan that it was made from. */
export function recordOf(input: {
  readonly plan: Plan;
  readonly document: PlanDocument;
  readonly files: readonly PlanFile[];
  readonly date: string;
  readonly tool: string;
}): RunbookRecord {
  const { plan, document, files, date, tool } = input;
  const named = files.map(({ file, sha256 }) => [relative(plan.folder, file), sha256] as const);
  return {
    format: 'lifeboat-runbook/1',
    plan: plan.name,
    hash: plan.hash,
    files: contentHash(named.toSorted(([one], [other]) => (one < other ? -1 : 1))),
    date,
    tool,
    parts: partsOf(document.value ?? {}),
  };
}

/** The files that a plan was read from: its own, and those that it includes. */
export const filesOf = (document: PlanDocument): readonly string[] =>
  isAssembled(document) ? document.files : [document.file];

/** How the plan of today differs from the one that was rendered, in coarse words; empty when it is the same. */
export function changesSince(then: RunbookRecord, now: RunbookRecord): string[] {
  if (then.hash === now.hash) return [];
  const other = then.plan === now.plan ? [] : [`it was made from the plan ${then.plan}, this one is ${now.plan}`];
  const names = [...new Set([...Object.keys(then.parts), ...Object.keys(now.parts)])].sort();
  return [
    ...other,
    ...names.flatMap((name) => {
      const [old, fresh] = [partIn(then, name), partIn(now, name)];
      if (old === fresh) return [];
      const change = old === undefined ? 'is new' : fresh === undefined ? 'is gone' : 'changed';
      return [`${wordsOf(name)} ${change}`];
    }),
  ];
}

/** Bytes from a file: what they say is checked like any input. */
export const recordSchema = z.object({
  format: z.literal('lifeboat-runbook/1'),
  plan: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.string().regex(/^[0-9a-f]{64}$/),
  date: z.iso.date(),
  tool: z.string(),
  parts: z.record(z.string(), z.string()),
});

const digits = 16;

/** Each name of the sections that are lists of names, and each other section as a whole. */
function partsOf(content: Readonly<Record<string, unknown>>): Record<string, string> {
  const parts = Object.entries(content).flatMap(([section, value]): [string, unknown][] => {
    if (notContent.has(section)) return [];
    if (!Object.hasOwn(singular, section) || !isMapping(value)) return [[section, value]];
    return Object.entries(value).map(([name, one]): [string, unknown] => [`${section}.${name}`, one]);
  });
  return Object.fromEntries(parts.map(([name, value]) => [name, contentHash(value).slice(0, digits)]));
}

const notContent = new Set(['lifeboat', 'include']);

const partIn = ({ parts }: RunbookRecord, name: string): string | undefined =>
  Object.hasOwn(parts, name) ? parts[name] : undefined;

function wordsOf(part: string): string {
  const [section = '', name] = part.split('.', 2);
  return name === undefined ? section : `${Object.hasOwn(singular, section) ? singular[section] : section} ${name}`;
}

const singular: Readonly<Record<string, string>> = {
  domains: 'domain',
  ranks: 'rank',
  keys: 'key',
  stores: 'store',
  policies: 'policy',
  assets: 'asset',
  services: 'service',
  clusters: 'cluster',
  environments: 'environment',
  documents: 'document',
  readiness: 'readiness',
  windows: 'window',
  contacts: 'contact',
  severities: 'severity',
  categories: 'category',
  channels: 'channel',
  templates: 'template',
  checklists: 'checklist',
  scenarios: 'scenario',
  drills: 'drill',
  exercises: 'exercise',
  alerts: 'alert',
  commands: 'command',
};
