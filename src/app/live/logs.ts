import type { Finding } from '../../plan/index.ts';
import { hasGoneOn, type LogReach } from '../../reports/index.ts';
import type { Point, Repository } from '../../repository/index.ts';
import { failedStream, reachOfLog, runningStream } from '../log-reach.ts';
import { isCode, type World } from './world.ts';

/** How far the logs lead that are streamed into a store: as the stream of this machine says, else as a restore would find them, as `status` has it. */
export async function askLogs(
  world: World,
  store: string,
  repository: Repository,
  points: readonly Point[],
): Promise<{ reaches: ReadonlyMap<string, LogReach>; findings: Finding[] }> {
  const { plan, clock, request } = world;
  const found = new Map<string, LogReach>();
  const findings: Finding[] = [];
  for (const { name, type, settings, policy = '' } of plan.assets.values()) {
    if (plan.policies.get(policy)?.streams?.to.includes(store) !== true) continue;
    const kind = request.registry.assets.find((one) => one.type === type);
    const running = (await runningStream(request, name))?.get(store);
    // What it brings along another timeline than a restore follows would not come back: how far the followed one leads the log says.
    const isFollowed = running !== undefined && running.passedBy === undefined;
    if (isFollowed) found.set(name, running);
    const own = points.filter(({ asset }) => asset === name);
    if (isFollowed || kind === undefined || own.length === 0) continue;
    const answer = await world.ask(`the log of ${name} in ${store}`, async (signal) => {
      const keeping = kind.open(name, settings, {
        baseFolder: plan.folder,
        clock,
        checkKinds: request.registry.checks,
      }).log;
      const placed = own.filter(({ facts }) => keeping?.baseOf(facts.facts) !== undefined);
      const source = placed.map(({ facts }) => keeping?.baseOf(facts.facts)?.source).at(-1);
      if (keeping === undefined || source === undefined) return undefined;
      const bases = placed
        .filter(({ facts }) => keeping.baseOf(facts.facts)?.source === source)
        .map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
      return reachOfLog(keeping, repository.log(name, source), bases, signal);
    });
    // A log with a hole, or one that does not answer, counts for nothing: then the point alone is what there is.
    if ('value' in answer && answer.value !== undefined) found.set(name, answer.value);
    if ('error' in answer && isCode(answer.error, 'log.conflict')) {
      const { message, hint } = answer.error;
      findings.push(world.found('live.stream', ['assets', name], `${name} in ${store}: ${message}`, hint));
    }
  }
  return { reaches: found, findings };
}

/** Streams of this machine that ended by themselves, and that nobody began again. */
export async function askFailedStreams(
  world: World,
  stores: readonly { readonly reaches?: ReadonlyMap<string, LogReach> }[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, policy = '' } of world.plan.assets.values()) {
    if (world.plan.policies.get(policy)?.streams === undefined) continue;
    const failed = await failedStream(world.request, name);
    const reaches = stores.flatMap(({ reaches: known }) => known?.get(name) ?? []);
    if (failed === undefined || hasGoneOn(failed, reaches)) continue;
    const message = `the stream of ${name} ended: ${failed.words}`;
    findings.push(world.found('live.stream', ['assets', name], message, failed.hint ?? `lifeboat stream ${name}`));
  }
  return findings;
}
