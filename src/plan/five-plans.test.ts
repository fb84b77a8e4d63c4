import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../app/registry.ts';
import { formatFinding } from './findings.ts';
import { readPlanFiles } from './include.ts';
import { lint } from './lint/index.ts';
import { checkPlan } from './load.ts';

const folder = join(import.meta.dirname, '../../examples/plans');
const plans = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
const names = plans.map(({ name }) => name);

/** A day on which every example was reviewed in time. */
const reviewedMs = Date.parse('2026-11-21T00:00:00Z');

interface Covered {
  readonly title: string;
  readonly plan: string;
  readonly at: readonly string[];
}

test('five plans stand as written and as they should be, with a note of what changed', () => {
  expect(names.sort()).toEqual(['architect-go', 'control-plane', 'dharma-iac', 'optimal-build', 'topdog-ide']);
});

describe.each(names)('%s', (name) => {
  test.each(['as-written.yaml', 'as-it-should-be.yaml'])('%s loads without an error', async (file) => {
    const { plan, findings } = await checkPlan(join(folder, name, file), registry);
    const told = findings.filter(({ severity }) => severity !== 'info').map(formatFinding);
    // Two of them wait for windows that do not say when they open: `check` warns, and what they should be does not wait so.
    const isWindow = (one: string): boolean => one.includes('does not say when it opens: a run refuses');
    expect(told.filter((one) => file !== 'as-written.yaml' || !isWindow(one))).toEqual([]);
    expect(plan?.name).toBe(name);
  });

  test.each(['as-written.yaml', 'as-it-should-be.yaml'])('%s leaves no value empty', async (file) => {
    // In `{ about: one, two }` YAML reads `two` as a key without a value: the sentence would be cut in silence.
    const { value } = await readPlanFiles(join(folder, name, file));
    expect(emptyPlaces(value, '')).toEqual([]);
  });

  test('the linter has much to say of it as written, and nothing of it as it should be', async () => {
    expect(await found(join(folder, name, 'as-written.yaml'))).not.toEqual([]);
    expect(await found(join(folder, name, 'as-it-should-be.yaml'))).toEqual([]);
  });

  test('NOTES.md tells what changed and why', async () => {
    expect(await readFile(join(folder, name, 'NOTES.md'), 'utf8')).toContain('| as written | as it should be | why |');
  });
});

describe('coverage.json', () => {
  let covered: Record<string, Covered>;
  const documents = new Map<string, unknown>();

  beforeAll(async () => {
    covered = JSON.parse(await readFile(join(folder, 'coverage.json'), 'utf8')) as Record<string, Covered>;
    for (const { plan } of Object.values(covered)) {
      if (!documents.has(plan)) documents.set(plan, (await readPlanFiles(join(folder, plan))).value);
    }
  });

  test('has a place for each of the 321 things that the five plans state', () => {
    const counts = [41, 85, 71, 48, 76];
    const ids = counts.flatMap((count, document) =>
      Array.from({ length: count }, (_, index) => `S${document}-${String(index + 1).padStart(2, '0')}`),
    );
    expect(Object.keys(covered).sort()).toEqual(ids.sort());
  });

  test('names only places that are in the plans', () => {
    const missing = Object.entries(covered).flatMap(([id, { plan, at }]) =>
      at.filter((path) => valueOf(documents.get(plan), path.split('.')) === undefined).map((path) => `${id} ${path}`),
    );
    expect(missing).toEqual([]);
    expect(Object.values(covered).filter(({ at, title }) => at.length === 0 || title === '')).toEqual([]);
  });
});

async function found(file: string): Promise<string[]> {
  const { plan, document } = await checkPlan(file, registry);
  if (plan === undefined) throw new Error(`${file} does not load`);
  return lint(plan, document, reviewedMs).map(formatFinding);
}

/** Of a list the item that has the name as its id. */
function valueOf(value: unknown, path: readonly string[]): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  const list = Array.isArray(value) ? (value as { id?: string }[]) : undefined;
  const inner =
    list === undefined ? (value as Record<string, unknown> | undefined)?.[part] : list.find(({ id }) => id === part);
  return inner === undefined ? undefined : valueOf(inner, rest);
}

function emptyPlaces(value: unknown, path: string): string[] {
  if (value === null) return [path];
  if (typeof value !== 'object' || value === undefined) return [];
  return Object.entries(value as object).flatMap(([key, part]) => emptyPlaces(part, `${path}.${key}`));
}
