import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseText } from '../../document.ts';
import { inspectPlan } from '../../load.ts';
import type { Finding } from '../../model.ts';
import { testKinds } from '../../testing/kinds.ts';
import { importDocument, type ImportedPlan } from '../index.ts';

/** An import as tests look at it: the plan as plain data, its errors, and the remarks. */
export interface Imported extends ImportedPlan {
  // Tests reach into plans of many shapes.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
  readonly errors: readonly Finding[];
}

/** The text of one of the documents beside this file. */
export const documentNamed = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.md`), 'utf8');

export async function imported(text: string, name = 'plan.md'): Promise<Imported> {
  const result = await importDocument(text, name);
  const { findings } = inspectPlan(parseText('plan.yaml', result.plan), testKinds);
  const errors = findings.filter(({ severity }) => severity === 'error');
  return { ...result, data: parse(result.plan), errors };
}

/** The line of the document that stands behind a part of the plan. */
export function lineOf(plan: string, part: string): number | undefined {
  const line = plan.split('\n').find((one) => one.includes(part));
  const found = /# line (\d+)/.exec(line ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
