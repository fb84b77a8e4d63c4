import { formatBytes, formatDuration, isoTime } from '../../core/index.ts';
import {
  silentText,
  type AssetStatus,
  type DrillRun,
  type LossNow,
  type Status,
  type StoreStatus,
} from '../../reports/index.ts';
import type { Output } from '../output.ts';

/** Eighty columns, what is wrong first: for whoever was woken. */
export function showStatus(status: Status, output: Output): void {
  const { problems, unanswered, plan, atMs } = status;
  const good = problems.length === 0 && unanswered.length === 0;
  output.line(`${output.mark(good)} ${plan}: ${verdictOf(status)}   ${isoTime(atMs)}`);
  for (const { about, words, hint } of problems) {
    for (const line of wrapped(`${output.mark(false)} ${about}: ${words}`, '  ')) output.line(line);
    output.line(`    → ${hint}`);
  }
  for (const { store, error } of unanswered)
    for (const line of wrapped(`${output.mark(false)} ${store} did not answer: ${error.message}`, '  '))
      output.line(line);
  scenarios(status, output);
  assets(status, output);
  stores(status, output);
  rest(status, output);
  standbys(status, output);
  schedule(status, output);
}

function standbys({ standbys: all, atMs }: Status, output: Output): void {
  if (all.length === 0) return;
  output.line();
  output.table(
    ['standby of', 'state', 'from', '>behind', '', '>seen'],
    all.map(({ asset, state, store, behindBytes, behindSeconds, seenMs }) => [
      short(asset),
      state,
      short(store ?? ''),
      behindSeconds === undefined ? 'not known' : span(behindSeconds * 1000),
      behindBytes === undefined ? '' : formatBytes(behindBytes),
      age(atMs, seenMs),
    ]),
  );
}

function schedule({ schedule: { kept, host, seenMs, tasks }, atMs }: Status, output: Output): void {
  if (tasks.length === 0) return;
  const seen = seenMs === undefined ? '' : `, seen ${age(atMs, seenMs)}`;
  const words = {
    now: `kept by ${host ?? ''}${seen}`,
    nobody: `kept by nobody${seen}`,
    never: 'kept by nobody yet: lifeboat serve',
    unknown: 'not known, a store did not say who keeps it',
  };
  output.line();
  output.line(`schedule: ${words[kept]}`);
}

function verdictOf({ problems, unanswered }: Status): string {
  const red = problems.length === 0 ? [] : [`${count(problems.length, 'promise')} not kept`];
  const silent = unanswered.length === 0 ? [] : [`${count(unanswered.length, 'store')} silent`];
  return [...red, ...silent].join('; ') || 'every promise is kept';
}

function scenarios({ scenarios: all, atMs }: Status, output: Output): void {
  if (all.length === 0) return;
  output.line();
  output.table(
    ['scenario', 'proof', '>age', 'last drill', '>next drill'],
    all.map(({ scenario, level, atMs: provenMs, lastDrill, nextDrillMs }) => [
      short(scenario),
      level,
      age(atMs, provenMs, ''),
      drillText(atMs, lastDrill),
      nextDrillMs === undefined ? 'none' : `in ${formatDuration(nextDrillMs - atMs)}`,
    ]),
  );
  for (const { scenario, missing } of all)
    if (missing !== undefined) for (const line of wrapped(`${short(scenario)}: ${missing}`, '  ')) output.line(line);
}

function assets({ assets: all, atMs }: Status, output: Output): void {
  const kept = all.filter(({ excluded }) => excluded === undefined);
  if (kept.length > 0) {
    output.line();
    output.table(
      ['asset', '>lost if gone now', '>may lose', 'verdict', '>verified', '>proven'],
      kept.map((asset) => [
        short(asset.asset),
        lossText(asset.loss),
        asset.target === undefined ? 'not said' : span(asset.target.ms),
        verdictText(asset.verdict, output),
        age(atMs, asset.verifiedMs),
        age(atMs, asset.provenMs),
      ]),
    );
  }
  for (const { asset, silent } of kept)
    if (silent !== undefined)
      for (const line of wrapped(`${short(asset)}: ${silentText(atMs, silent)}`, '  ')) output.line(line);
  for (const { asset, excluded } of all)
    if (excluded !== undefined)
      for (const line of wrapped(`${short(asset)} is left out: ${excluded}`, '  ')) output.line(line);
}

function stores({ assets: all, atMs }: Status, output: Output): void {
  const rows = all.flatMap(({ asset, stores: places }) =>
    places.map((place) => [short(asset), ...storeRow(atMs, place)]),
  );
  if (rows.length === 0) return;
  output.line();
  output.table(['asset', 'store', '>points', '>newest', '>verified', 'copy'], rows);
  // The others stand among what is not kept.
  for (const { asset, stores: places } of all)
    for (const { store, holes } of places)
      for (const { words } of holes.filter(({ isTold }) => isTold))
        for (const line of wrapped(`${short(asset)} in ${short(store)}: ${words}`, '  ')) output.line(line);
}

function storeRow(nowMs: number, place: StoreStatus): string[] {
  const { store, answered, points, newest, verifiedMs, damaged } = place;
  if (!answered) return [short(store), '?', 'no answer', '?', ''];
  const read = damaged.length > 0 ? `${damaged.length} DAMAGED` : age(nowMs, verifiedMs);
  return [short(store), String(points), age(nowMs, newest?.atMs), read, copyText(place)];
}

function copyText({ role, lagMs = 0, withinMs }: StoreStatus): string {
  if (role !== 'copy') return role === 'first' ? '' : role;
  if (lagMs === 0) return 'up to date';
  const late = withinMs !== undefined && lagMs > withinMs;
  return `${span(lagMs)} behind${late ? `, ${span(withinMs)} allowed` : ''}`;
}

function rest({ services, drills, keys, atMs }: Status, output: Output): void {
  if (services.length > 0) {
    output.line();
    output.table(
      ['service', 'rank', 'proof at worst', 'scenario', '>lost if gone now'],
      services.map(({ service, rank, worst, loss }) => [
        short(service),
        rank ?? '',
        worst?.level ?? 'no scenario',
        short(worst?.scenario ?? ''),
        loss === undefined ? '' : lossText(loss),
      ]),
    );
  }
  if (drills.length > 0) {
    output.line();
    output.table(
      ['drill', 'last', '>passed', '>next'],
      drills.map(({ drill, last, lastPassMs, nextMs }) => [
        short(drill),
        drillText(atMs, last),
        age(atMs, lastPassMs),
        nextMs === undefined ? 'not planned' : `in ${formatDuration(nextMs - atMs)}`,
      ]),
    );
  }
  if (keys.length === 0) return;
  output.line();
  output.table(
    ['key', '>tested', 'which'],
    keys.map(({ key, testedMs, escrowed }) => [
      short(key),
      age(atMs, testedMs),
      testedMs === undefined ? '' : escrowed === true ? 'as given, from the safe' : 'that of this machine only',
    ]),
  );
}

const drillText = (nowMs: number, run: DrillRun | undefined): string =>
  run === undefined ? 'never' : `${run.verdict} ${age(nowMs, run.atMs)}`;

const lossText = ({ ms, atMost }: LossNow): string =>
  ms === undefined ? 'everything' : ms === 0 ? 'nothing' : `${atMost ? '≤ ' : ''}${span(ms)}`;

const verdictText = (verdict: AssetStatus['verdict'], output: Output): string =>
  verdict === 'no target' ? verdict : `${output.mark(verdict === 'ok')} ${verdict}`;

const age = (nowMs: number, ms: number | undefined, otherwise = 'never'): string =>
  ms === undefined ? otherwise : ms >= nowMs ? 'now' : `${span(nowMs - ms)} ago`;

const span = (ms: number): string => (ms === 0 ? '0 s' : formatDuration(ms));

/** Long names would push the figures off the screen; `--json` has them whole. */
const short = (name: string): string => (name.length <= 18 ? name : `${name.slice(0, 17)}…`);

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? ' is' : 's are'}`;

/** At eighty columns; colours count as nothing wide. */
function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && `${line} ${word}`.length > 80) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
