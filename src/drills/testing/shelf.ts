import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Asset, CheckTarget, Newest } from '../../assets/index.ts';
import { LifeboatError, timeId } from '../../core/index.ts';
import type { RestoreReport, RestoreRequest } from '../../operations/index.ts';
import type { DrillDeclaration, Plan } from '../../plan/index.ts';
import type { RunnerTools } from '../../procedures/index.ts';
import { makeBench, type Bench } from '../../procedures/testing/bench.ts';
import type { Point } from '../../repository/index.ts';

/**
 * A shelf: a file of lines `TIME NUMBER` on disk, points of it as copies on disk, and restores that write real files. Small
 * enough that a test can break each part of a drill by itself.
 */
export interface Shelf {
  readonly bench: Bench;
  readonly tools: RunnerTools;
  readonly source: string;
  /** Who the source says it is. */
  identity: string;
  put(atMs: number): void;
  takePoint(atMs: number): Promise<void>;
}

export function makeShelf(options: { folder?: string } = {}): Shelf {
  const bench = makeBench(options);
  const source = join(bench.folder, 'source.txt');
  if (!existsSync(source)) writeFileSync(source, '');
  const points: { id: string; atMs: number; path: string }[] = [];
  const shelf = { identity: 'shelf-1' };
  const plan: Plan = { ...bench.workspace.plan, assets: new Map([['shelf', declaration]]) };
  const workspace = { ...bench.workspace, plan, asset: () => assetAt(source, shelf) };
  const restore = async (request: RestoreRequest): Promise<RestoreReport> => {
    const chosen = points.findLast(({ atMs }) => request.atMs === undefined || atMs <= request.atMs);
    if (chosen === undefined) throw new LifeboatError('point.none', 'shelf has no recovery point');
    mkdirSync(dirname(request.target), { recursive: true });
    await cp(chosen.path, request.target);
    return reportOf(request, chosen, readFileSync(chosen.path).length);
  };
  return Object.assign(shelf, {
    bench,
    source,
    tools: { ...bench.tools, workspace, restore },
    put: (atMs: number) => appendFileSync(source, `${atMs} ${linesOf(source).length + 1}\n`),
    takePoint: async (atMs: number) => {
      const id = timeId(atMs);
      const path = join(bench.folder, `point-${id}`);
      await cp(source, path);
      points.push({ id, atMs, path });
    },
  });
}

export const drillOf = (over: Partial<DrillDeclaration> = {}): DrillDeclaration => ({
  name: 'weekly',
  scenario: undefined,
  restore: 'shelf',
  every: [],
  in: 'bubble',
  expect: { rtoMs: 60_000, rpoMs: 60_000, lost: 0, health: true },
  ...over,
});

const declaration = { name: 'shelf', type: 'shelf', domain: undefined, policy: undefined, checks: [], settings: {} };

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

function assetAt(source: string, shelf: { identity: string }): Asset {
  const pathOf = (of: CheckTarget): string => (of === 'source' ? source : of.url);
  return {
    name: 'shelf',
    type: 'shelf',
    identify: async () => {
      readFileSync(source); // a source that is gone does not answer
      return { id: shelf.identity, description: source };
    },
    newest: async (of): Promise<Newest> => {
      const lines = linesOf(pathOf(of));
      const atMs = lines.map((line) => Number(line.split(' ')[0])).at(-1);
      return { count: lines.length, ...(atMs === undefined ? {} : { atMs }) };
    },
    check: async (of) => {
      const whole = linesOf(pathOf(of)).every((line, index) => line.endsWith(` ${index + 1}`));
      return [
        {
          name: 'numbers without gaps',
          ok: whole,
          observed: whole ? 'no gap' : 'a gap',
          expected: 'no gap',
          durationMs: 0,
        },
      ];
    },
  } as Partial<Asset> as Asset;
}

function reportOf(request: RestoreRequest, chosen: { id: string; atMs: number }, bytes: number): RestoreReport {
  const { target } = request;
  const point = { id: chosen.id, atMs: chosen.atMs, asset: 'shelf' } as Partial<Point> as Point;
  const plan = {
    request,
    store: 'near',
    point,
    target,
    bytes,
    files: 1,
    secondsExpected: undefined,
    rejected: [],
    others: [],
    damage: [],
    unanswered: [],
  };
  const copy = { path: target, url: target, shownUrl: target, stop: async () => {} };
  return { plan, seconds: 0.01, checks: [], reached: undefined, copy, damage: [], changeovers: [], warnings: [] };
}
