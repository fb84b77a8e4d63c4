import { formatDuration } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { best } from './assets.ts';
import { drillRuns } from './drills.ts';
import type { StatusFacts } from './facts.ts';
import { assetsOfScenario, isInside } from './reach.ts';
import {
  proofLevels,
  type AssetStatus,
  type DrillStatus,
  type LevelStatus,
  type ProofLevel,
  type ScenarioStatus,
  type StoreStatus,
} from './status-types.ts';

export function scenariosStatus(
  facts: StatusFacts,
  assets: readonly AssetStatus[],
  drills: readonly DrillStatus[],
): ScenarioStatus[] {
  return [...facts.plan.scenarios.values()].map((scenario) => {
    const names = assetsOfScenario(facts.plan, scenario);
    const needed = names.flatMap((name) => assets.find(({ asset }) => asset === name) ?? []);
    const levels = proofLevels.map((level) => ({ level, ...judges[level](facts, scenario, needed) }));
    const broken = levels.findIndex(({ holds }) => !holds);
    const reached = levels[(broken === -1 ? levels.length : broken) - 1] as LevelStatus;
    const own = drills.filter((drill) => drill.scenario === scenario.name);
    const next = own.flatMap(({ nextMs }) => nextMs ?? []);
    return {
      scenario: scenario.name,
      level: reached.level,
      atMs: reached.atMs,
      levels,
      missing: broken === -1 ? undefined : levels[broken]?.words,
      assets: names,
      lastDrill: own
        .flatMap(({ last }) => last ?? [])
        .toSorted((a, b) => a.atMs - b.atMs)
        .at(-1),
      nextDrillMs: next.length === 0 ? undefined : Math.min(...next),
    };
  });
}

type Judgement = Omit<LevelStatus, 'level'>;
type Judge = (facts: StatusFacts, scenario: Scenario, assets: readonly AssetStatus[]) => Judgement;

const judges: Record<ProofLevel, Judge> = {
  declared: () => holds(undefined, 'it is in the plan'),
  checked: ({ findings, nowMs }, { name }) => {
    const others = /^scenarios\.([^.[]+)/;
    const errors = findings.filter(
      ({ severity, path }) => severity === 'error' && (others.exec(path)?.[1] ?? name) === name,
    );
    const [first] = errors;
    return first === undefined
      ? holds(nowMs, 'the plan is sound, and what is left survives')
      : lacks(`not checked: ${first.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`);
  },
  protected: (facts, scenario, assets) =>
    ofEach(assets, (asset) => {
      const left = storesLeft(facts, scenario, asset);
      const { loss } = best(left);
      const targetMs = strictest(scenario.objectives.rpoMs, asset.target?.ms);
      if (loss.ms === undefined) return lacks(`not protected: of ${asset.asset} no point is left`);
      if (targetMs !== undefined && loss.ms > targetMs) {
        const words = `${formatDuration(loss.ms)} of ${asset.asset} would be lost, ${formatDuration(targetMs)} may be`;
        return lacks(`not protected: ${words}`);
      }
      return holds(Math.max(...left.flatMap(({ newest }) => newest?.atMs ?? [])), 'fresh points within the RPO');
    }),
  verified: (facts, scenario, assets) =>
    ofEach(assets, (asset) => {
      const found = storesLeft(facts, scenario, asset).flatMap(({ store }) => readBack(facts, asset.asset, store));
      const all = [...found, ...restoresOf(facts, asset.asset)];
      if (all.length > 0) return holds(Math.max(...all), 'every byte was read back');
      const before =
        asset.verifiedMs === undefined ? 'never read back' : 'read back by another version of this program';
      return lacks(`not verified: ${asset.asset} was ${before}`);
    }),
  restored: (facts, _, assets) =>
    ofEach(assets, (asset) => {
      const [found] = restoresOf(facts, asset.asset).toSorted((a, b) => b - a);
      if (found !== undefined) return holds(found, 'a point was restored and its checks passed');
      const ever = facts.records.some(({ kind, data }) => kind === 'restore.finished' && data['asset'] === asset.asset);
      const why = ever ? 'was not since the plan, the asset or this program changed' : 'never was';
      return lacks(`not restored: ${asset.asset} ${why}`);
    }),
  rehearsed: ({ records, tool }, { name, hash }) => {
    const started = new Map(records.flatMap(({ kind, run, data }) => (kind === 'run.started' ? [[run, data]] : [])));
    const passed = drillRuns(records).filter(({ run, verdict }) => {
      return verdict === 'pass' && started.get(run)?.['scenario'] === name;
    });
    const same = passed.findLast(({ run }) => {
      const of = started.get(run);
      return of?.['scenarioHash'] === hash && of['tool'] === tool;
    });
    if (same !== undefined) return holds(same.atMs, `the drill ${same.drill} passed`);
    if (passed.length > 0) return lacks('not rehearsed since the plan, the assets or this program changed');
    return lacks('never rehearsed');
  },
};

/** A scenario that takes no asset and brings none back has nothing to protect. */
function ofEach(assets: readonly AssetStatus[], judge: (asset: AssetStatus) => Judgement): Judgement {
  const judged = assets.map(judge);
  const broken = judged.find((one) => !one.holds);
  if (broken !== undefined) return broken;
  const times = judged.flatMap(({ atMs }) => atMs ?? []);
  return holds(times.length === 0 ? undefined : Math.min(...times), judged[0]?.words ?? 'it touches no asset');
}

const storesLeft = ({ plan }: StatusFacts, { loses }: Scenario, { stores }: AssetStatus): StoreStatus[] =>
  stores.filter(({ store }) => !isInside(plan, plan.stores.get(store)?.domain, loses.domains));

/** Of points that are still there, by this version of the program, and nothing was found in them since. */
function readBack({ points, verified, tool }: StatusFacts, asset: string, store: string): number[] {
  return points.flatMap(({ point, stores }) => {
    if (point.asset !== asset || !stores.includes(store)) return [];
    const outcome = verified.get(point.id)?.get(store);
    return outcome?.sound === true && outcome.tool === tool ? [outcome.atMs] : [];
  });
}

/** Restores whose checks were green, of the asset as it is declared now, by this version of the program. */
function restoresOf({ records, tool, assetHashes }: StatusFacts, asset: string): number[] {
  const hash = assetHashes.get(asset);
  return records.flatMap(({ kind, data, atMs }) =>
    kind === 'restore.finished' && data['asset'] === asset && data['tool'] === tool && data['assetHash'] === hash
      ? [atMs]
      : [],
  );
}

const strictest = (...values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const holds = (atMs: number | undefined, words: string): Judgement => ({ holds: true, atMs, words });
const lacks = (words: string): Judgement => ({ holds: false, atMs: undefined, words });
