import { isoTime } from '../../core/index.ts';
import type {
  AssetStatus,
  DrillRun,
  LossNow,
  ScenarioStatus,
  ScheduleStatus,
  Status,
  StoreStatus,
} from './status-types.ts';

/** As `--json` and the API show it: moments ISO 8601 or null (never), spans in seconds or null (nobody knows). */
export function statusJson(status: Status): Record<string, unknown> {
  const { atMs, plan, services, assets, scenarios, drills, keys, schedule, standbys, problems, unanswered } = status;
  const aged = (name: string, ms: number | undefined) => agedJson(atMs, name, ms);
  return {
    at: isoTime(atMs),
    plan,
    services: services.map(({ service, rank, worst, loss, verdict }) => ({
      service,
      rank: rank ?? null,
      worst:
        worst === undefined ? null : { scenario: worst.scenario, level: worst.level, ...aged('proof', worst.atMs) },
      ...(loss === undefined ? { rpoSeconds: null } : lossJson(loss)),
      verdict,
    })),
    assets: assets.map((asset) => assetJson(atMs, asset)),
    scenarios: scenarios.map((scenario) => scenarioJson(atMs, scenario)),
    drills: drills.map(({ drill, scenario, restore, last, lastPassMs, nextMs }) => ({
      drill,
      scenario: scenario ?? null,
      restore: restore ?? null,
      last: runJson(last),
      lastPassAt: iso(lastPassMs),
      nextAt: iso(nextMs),
    })),
    keys: keys.map(({ key, testedMs, escrowed }) => ({ key, ...aged('tested', testedMs), escrowed: escrowed ?? null })),
    schedule: scheduleJson(atMs, schedule),
    standbys: standbys.map(({ asset, target, store, state, seenMs, behindBytes, behindSeconds, reason }) => ({
      asset,
      target,
      store: store ?? null,
      state,
      ...aged('seen', seenMs),
      behindBytes: behindBytes ?? null,
      behindSeconds: behindSeconds ?? null,
      reason: reason ?? null,
    })),
    problems,
    unanswered: unanswered.map(({ store, error }) => ({ store, ...error.toJSON() })),
  };
}

const scheduleJson = (nowMs: number, { kept, host, seenMs, tasks }: ScheduleStatus): Record<string, unknown> => ({
  kept,
  host: host ?? null,
  ...agedJson(nowMs, 'seen', seenMs),
  tasks: tasks.map(({ task, state, beganMs, endedMs, doneMs, silentMs, words, failures, missed }) => ({
    task,
    state,
    startedAt: iso(beganMs),
    endedAt: iso(endedMs),
    ...agedJson(nowMs, 'done', doneMs),
    hangs: silentMs !== undefined,
    words,
    failures,
    turnsMissed: missed,
  })),
});

function assetJson(nowMs: number, asset: AssetStatus): Record<string, unknown> {
  const { loss, target, verdict, stores, excluded } = asset;
  if (excluded !== undefined) return { asset: asset.asset, excluded };
  return {
    asset: asset.asset,
    type: asset.type,
    rank: asset.rank ?? null,
    ...lossJson(loss),
    sourceSilent:
      asset.silent === undefined
        ? null
        : { reason: asset.silent.reason, ...agedJson(nowMs, 'alive', asset.silent.aliveMs) },
    rpoStore: loss.store ?? null,
    rpoTargetSeconds: target === undefined ? null : target.ms / 1000,
    rpoTargetOf: target?.of ?? null,
    verdict,
    ...agedJson(nowMs, 'verified', asset.verifiedMs),
    ...agedJson(nowMs, 'proven', asset.provenMs),
    stores: stores.map((store) => storeJson(nowMs, store)),
  };
}

const storeJson = (nowMs: number, one: StoreStatus): Record<string, unknown> => ({
  store: one.store,
  role: one.role,
  answered: one.answered,
  points: one.points,
  newest: one.newest === undefined ? null : { id: one.newest.id, ...agedJson(nowMs, '', one.newest.atMs) },
  ...lossJson(one.loss),
  ...agedJson(nowMs, 'verified', one.verifiedMs),
  damaged: one.damaged,
  holes: one.holes.map(({ timeline, from, to, toTimeline, point, reachableMs, nextMs, damaged, isTold }) => ({
    timeline,
    from,
    to,
    toTimeline,
    point,
    lostFrom: isoTime(reachableMs),
    lostTo: iso(nextMs),
    damaged,
    told: isTold,
  })),
  ...(one.lagMs === undefined ? {} : { lagSeconds: one.lagMs / 1000, waiting: one.waiting }),
  ...(one.role === 'copy' ? { withinSeconds: one.withinMs === undefined ? null : one.withinMs / 1000 } : {}),
});

const scenarioJson = (nowMs: number, one: ScenarioStatus): Record<string, unknown> => ({
  scenario: one.scenario,
  level: one.level,
  ...agedJson(nowMs, 'proof', one.atMs),
  missing: one.missing ?? null,
  levels: one.levels.map(({ level, holds, atMs, words }) => ({ level, holds, ...agedJson(nowMs, '', atMs), words })),
  assets: one.assets,
  lastDrill: runJson(one.lastDrill),
  nextDrillAt: iso(one.nextDrillMs),
});

const runJson = (run: DrillRun | undefined): Record<string, unknown> | null =>
  run === undefined
    ? null
    : {
        drill: run.drill,
        run: run.run,
        at: isoTime(run.atMs),
        verdict: run.verdict,
        rtoSeconds: run.rtoSeconds ?? null,
        rpoSeconds: run.rpoSeconds ?? null,
      };

const lossJson = ({ ms, atMost, how }: LossNow): Record<string, unknown> => ({
  rpoSeconds: ms === undefined ? null : ms / 1000,
  rpoAtMost: atMost,
  rpoHow: how,
});

/** `verifiedAt` and `verifiedAgeSeconds`; without a name `at` and `ageSeconds`. */
const agedJson = (nowMs: number, name: string, ms: number | undefined): Record<string, unknown> => ({
  [name === '' ? 'at' : `${name}At`]: iso(ms),
  [name === '' ? 'ageSeconds' : `${name}AgeSeconds`]: ms === undefined ? null : Math.max(0, nowMs - ms) / 1000,
});

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : isoTime(ms));
