import type { ChannelFact } from '../communications/index.ts';
import type { StandbyLine } from '../operations/index.ts';
import type { Plan } from '../plan/index.ts';
import { Exposition, type Sample } from './exposition.ts';
import { backupPlaces, type Keeping, type ServeFacts } from './facts.ts';
import type { StreamFact } from './streams.ts';
import type { Task } from './task.ts';

/**
 * What Prometheus scrapes. Moments are seconds since 1970 and 0 for never: every line is there from birth, so that what never happened is seen
 * as well as what stopped. One that stands by tells only of itself; what is kept is told by the one that keeps it.
 */
export function metricsText(facts: ServeFacts): string {
  const out = new Exposition({ plan: facts.plan.name });
  aboutItself(out, facts);
  aboutStandbys(out, facts);
  const { keeping } = facts;
  if (keeping !== undefined) {
    aboutPoints(out, facts, keeping);
    aboutDrills(out, facts, keeping);
    aboutTasks(out, facts, keeping);
    aboutStores(out, facts, keeping);
    aboutStreams(out, facts, keeping);
    aboutMessages(out, facts, keeping);
  }
  return out.text();
}

/** Seconds since 1970; 0: never. */
const moment = (ms: number | undefined): number => (ms === undefined ? 0 : ms / 1000);
const truth = (is: boolean): number => (is ? 1 : 0);

function aboutItself(out: Exposition, facts: ServeFacts): void {
  const { nowMs, tool, startedMs, keeping, planRefused, heartbeatMs } = facts;
  out.gauge('lifeboat_info', 'What serves, by version', [[{ version: tool }, 1]]);
  out.gauge('lifeboat_start_timestamp_seconds', 'When it was started', [[{}, moment(startedMs)]]);
  out.gauge('lifeboat_active', '1: it keeps the schedule; 0: another one does, and it stands by', [
    [{}, truth(keeping !== undefined)],
  ]);
  const health = keeping?.scheduler.health();
  const tickMs = health === undefined ? nowMs : nowMs - health.tickSeconds * 1000;
  out.gauge('lifeboat_tick_timestamp_seconds', 'When it last looked at the clock', [[{}, moment(tickMs)]]);
  out.gauge('lifeboat_trouble', '1: nothing can begin, because nothing can be written down', [
    [{}, truth(health?.trouble !== undefined)],
  ]);
  out.gauge('lifeboat_plan_refused', '1: the plan was changed and has errors; the one before it is kept to', [
    [{}, truth(planRefused !== undefined)],
  ]);
  // Who stands by gives no sign of life, and none is missed.
  if (heartbeatMs === undefined || keeping === undefined) return;
  out.gauge(
    'lifeboat_heartbeat_last_success_timestamp_seconds',
    'When the dead man’s switch last took a sign of life',
    [[{}, heartbeatMs === 'never' ? 0 : moment(heartbeatMs)]],
  );
}

function aboutPoints(out: Exposition, facts: ServeFacts, { ledger }: Keeping): void {
  const places = backupPlaces(facts).map((labels) => ({
    labels,
    fact: ledger.backups.get(labels.asset)?.get(labels.store),
  }));
  const each = (value: (fact: (typeof places)[number]['fact']) => number): Sample[] =>
    places.map(({ labels, fact }) => [labels, value(fact)]);
  out.gauge(
    'backup_last_success_timestamp',
    'When a point was last taken',
    each((fact) => moment(fact?.atMs)),
  );
  out.gauge(
    'backup_size_bytes',
    'What the last point holds',
    each((fact) => fact?.bytes ?? 0),
  );
  out.gauge(
    'lifeboat_backup_known_bytes',
    'The same, and not there before there is a point: for means over time',
    places.flatMap(({ labels, fact }): Sample[] => (fact === undefined ? [] : [[labels, fact.bytes]])),
  );
  out.gauge(
    'lifeboat_backup_stored_bytes',
    'What it added to the store',
    each((fact) => fact?.storedBytes ?? 0),
  );
  out.gauge(
    'lifeboat_backup_seconds',
    'How long it took',
    each((fact) => fact?.seconds ?? 0),
  );
  const restored = [...new Set(places.map(({ labels }) => labels.asset))].map((asset): Sample => [
    { asset },
    moment(ledger.restored.get(asset)),
  ]);
  out.gauge('lifeboat_restore_last_success_timestamp_seconds', 'When it was last restored, checks green', restored);
}

function aboutDrills(out: Exposition, { plan }: ServeFacts, { ledger }: Keeping): void {
  const drills = [...plan.drills.values()].filter(({ every }) => every.length > 0).map(({ name }) => name);
  out.gauge(
    'dr_test_last_success_timestamp',
    'When a drill last passed',
    drills.map((drill) => [{ drill }, moment(ledger.drills.get(drill))]),
  );
  out.gauge(
    'lifeboat_drill_adopted_timestamp_seconds',
    'Since when it is on the calendar',
    drills.map((drill) => [{ drill }, moment(ledger.of(`drill ${drill}`).adoptedMs)]),
  );
}

function aboutTasks(out: Exposition, { nowMs }: ServeFacts, { ledger, scheduler }: Keeping): void {
  const { tasks } = scheduler;
  const running = new Map(scheduler.running.map((job) => [job.task.id, job]));
  const each = (value: (task: Task) => number): Sample[] =>
    tasks.map((task) => [{ task: task.id, kind: task.work.kind }, value(task)]);
  const add = (name: string, help: string, value: (task: Task) => number): void =>
    out.gauge(`lifeboat_task_${name}`, help, each(value));
  add('adopted_timestamp_seconds', 'Since when it is on the schedule', ({ id }) => moment(ledger.of(id).adoptedMs));
  add('last_start_timestamp_seconds', 'When it last began', ({ id }) => moment(ledger.of(id).beganMs));
  add('last_success_timestamp_seconds', 'When it was last done', ({ id }) => moment(ledger.of(id).doneMs));
  add('next_timestamp_seconds', 'When it is due', ({ id }) => moment(scheduler.dueMs(id)));
  add('running', '1: it is under way', ({ id }) => truth(running.has(id)));
  add('silent', '1: it is under way and hangs', ({ id }) => truth(running.get(id)?.silent === true));
  add('failures', 'Tries since it was last done', ({ id }) => ledger.of(id).failures);
  add('red', '1: what it last found is bad', ({ id }) => truth(ledger.of(id).redMs !== undefined));
  add('late_seconds', 'How long it has been due and has not begun', ({ id }) => {
    const dueMs = scheduler.dueMs(id);
    return running.has(id) || dueMs === undefined ? 0 : Math.max(0, nowMs - dueMs) / 1000;
  });
  const rhythmSeconds = (id: string): number => (scheduler.rhythmMs(id) ?? 0) / 1000;
  add('rhythm_seconds', 'How far its turns are apart', ({ id }) => rhythmSeconds(id));
  add('last_missed_timestamp_seconds', 'When turns were last found missed', ({ id }) => moment(ledger.of(id).missedMs));
  out.counter(
    'lifeboat_task_turns_missed_total',
    'Turns that went by without it',
    each(({ id }) => ledger.of(id).missed),
  );
}

function aboutStores(out: Exposition, { plan }: ServeFacts, { ledger }: Keeping): void {
  const each = (facts: ReadonlyMap<string, number>): Sample[] =>
    [...plan.stores.keys()].map((store) => [{ store }, moment(facts.get(store))]);
  out.gauge(
    'lifeboat_verify_last_success_timestamp_seconds',
    'When it was last read back, sound',
    each(ledger.verified),
  );
  out.gauge('lifeboat_copy_last_success_timestamp_seconds', 'When it was last copied to', each(ledger.copied));
  out.gauge('lifeboat_prune_last_success_timestamp_seconds', 'When retention was last applied', each(ledger.pruned));
  out.gauge('lifeboat_keys_tested_timestamp_seconds', 'When keys were last tried', [[{}, moment(ledger.keysTestedMs)]]);
}

function aboutMessages(out: Exposition, { plan }: ServeFacts, { messages }: Keeping): void {
  const each = (value: (fact: ChannelFact | undefined) => number): Sample[] =>
    [...plan.channels.keys()].map((channel) => [{ channel }, value(messages?.channels.get(channel))]);
  out.gauge(
    'lifeboat_channel_failing',
    '1: the last message that it was to take it did not take',
    each((fact) => truth(fact?.failingSinceMs !== undefined)),
  );
  out.gauge(
    'lifeboat_channel_last_success_timestamp_seconds',
    'When it last took a message',
    each((fact) => moment(fact?.sentMs)),
  );
  out.gauge('lifeboat_messages_waiting', 'Messages that no channel has taken yet', [
    [{}, messages?.waiting.filter(({ rounds }) => rounds > 0).length ?? 0],
  ]);
}

function aboutStreams(out: Exposition, { plan }: ServeFacts, { streams }: Keeping): void {
  out.gauge(
    'lifeboat_stream_up',
    '1: the log is kept as it is written',
    streams.map(({ asset, last, error }) => [{ asset }, truth(error === undefined && last?.state === 'streaming')]),
  );
  out.gauge(
    'lifeboat_stream_last_said_timestamp_seconds',
    'When the stream last said how it stands',
    streams.map(({ asset, last }) => [{ asset }, moment(last?.at)]),
  );
  out.gauge(
    'lifeboat_stream_loss_seconds',
    'What a loss of the server would take with it, as the stream measures it; +Inf: not known',
    streams.flatMap((fact) => lossesOf(plan, fact)),
  );
}

/** Of a standby that was never kept here there is no line: the plan does not say that there is to be one. */
function aboutStandbys(out: Exposition, { standbys = [], nowMs }: ServeFacts): void {
  const each = (value: (line: StandbyLine, isAtWork: boolean) => number): Sample[] =>
    standbys.map(({ line, isAtWork }) => [{ asset: line.asset }, value(line, isAtWork)]);
  out.gauge(
    'lifeboat_standby_following',
    '1: it replays what arrives in its store',
    each(({ state }) => truth(state === 'following')),
  );
  out.gauge(
    'lifeboat_standby_being_made',
    '1: a process makes it, which may take hours and says little',
    each((_, isAtWork) => truth(isAtWork)),
  );
  out.gauge(
    'lifeboat_standby_last_said_timestamp_seconds',
    'When it last gave a sign of life',
    each(({ at }, isAtWork) => moment(isAtWork ? nowMs : at)),
  );
  out.gauge(
    'lifeboat_standby_behind_bytes',
    'How much of what is in its store it has not replayed; +Inf: not known',
    each((line) => ('behindBytes' in line ? (line.behindBytes ?? Infinity) : Infinity)),
  );
  out.gauge(
    'lifeboat_standby_behind_seconds',
    'For how long, at most, the store has had what is not replayed yet; +Inf: not known',
    each((line) => ('behindSeconds' in line ? (line.behindSeconds ?? Infinity) : Infinity)),
  );
}

/** In each store that the log goes to. What nobody has measured, or not any more, is never taken for little. */
function lossesOf(plan: Plan, { asset, last }: StreamFact): Sample[] {
  const { policy = '' } = plan.assets.get(asset) ?? {};
  return (plan.policies.get(policy)?.streams?.to ?? []).map((store): Sample => {
    const line = last?.state === 'streaming' ? last : undefined;
    const completeToMs = line?.stores.find((one) => one.store === store)?.completeToMs;
    const isKnown = line?.serverMs !== undefined && completeToMs !== undefined;
    return [{ asset, store }, isKnown ? Math.max(0, Number(line.serverMs) - completeToMs) / 1000 : Infinity];
  });
}
