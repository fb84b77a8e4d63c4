import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  endGroup,
  isAlive,
  LifeboatError,
  limits,
  parseDuration,
  plainEnvironment,
  processStart,
  readText,
  runProcess,
  startService,
  systemCodeOf,
  writeFileDurably,
} from '../../../core/index.ts';
import type { StepContext, StepProof } from '../../step.ts';
import { readEnvLines } from '../env-lines.ts';
import type { Fence } from './fence.ts';
import { endOrphans, orphansOf } from './orphans.ts';

const secret = z.union([
  z.string(),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const runsSchema = z.strictObject({
  process: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  env: z.record(z.string(), secret).optional(),
  pidFile: z.string().optional(),
  stopSignal: z.enum(['TERM', 'INT', 'QUIT']).optional(),
  stopWithin: z.union([z.number(), z.string()]).optional(),
  systemd: z.string().optional(),
  host: z.string().optional(),
});

const beforeSchema = z.object({ running: z.boolean().optional(), seen: z.boolean().optional() });

/** How a service runs where the run acts: it can be seen, stopped and started. */
interface Running {
  readonly shown: string;
  /** `unseen`: nothing here says that it ever ran here. */
  look(): Promise<'runs' | 'stopped' | 'unseen'>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A service that is stopped, and proved to be. Throws `plan.unknown_name`, `plan.not_executable`. */
export function stopFence(service: string, context: StepContext, what = `service:${service}`): Fence {
  const running = runningOf(service, context);
  const runs = async (): Promise<boolean> => (await running.look()) === 'runs';
  const prove = async (before: unknown): Promise<StepProof> => {
    const now = await running.look();
    if (now === 'runs') return { state: 'refuted', text: `${running.shown} runs` };
    const wasSeen = beforeSchema.safeParse(before).data;
    if (now === 'stopped' || wasSeen?.running === true || wasSeen?.seen === true)
      return { state: 'proved', text: `${running.shown} does not run` };
    return { state: 'unknown', text: `${running.shown} was never seen on ${context.here.host}: it may run elsewhere` };
  };
  return {
    what,
    how: 'stop',
    before: async () => {
      const now = await running.look();
      return { running: now === 'runs', seen: now !== 'unseen' };
    },
    put: async () => {
      if (!(await runs())) return;
      await context.mustHold();
      await running.stop();
    },
    lift: async (before) => {
      const ran = beforeSchema.safeParse(before).data?.running === true;
      if (ran && !(await runs())) await running.start();
    },
    prove,
    proveLifted: async (before) => {
      const now = await runs();
      const asBefore = now === (beforeSchema.safeParse(before).data?.running === true);
      return { state: asBefore ? 'proved' : 'refuted', text: `${running.shown} ${now ? 'runs' : 'does not run'}` };
    },
  };
}

function runningOf(service: string, context: StepContext): Running {
  const { plan, environment } = context;
  const written = plan.environments.get(environment.name)?.services.get(service)?.runs;
  const runs = runsSchema.safeParse(written ?? {});
  if (!plan.services.has(service)) {
    throw new LifeboatError('plan.unknown_name', `the plan has no service ${service}`, {
      hint: `It has: ${[...plan.services.keys()].join(', ') || 'none'}.`,
    });
  }
  if (runs.success && runs.data.host !== undefined)
    throw unknownWay(service, environment.name, 'it runs on another machine');
  if (runs.success && runs.data.systemd !== undefined) return unitOf(runs.data.systemd, context);
  const mayBeFound = runs.success && (runs.data.pidFile !== undefined || environment.ephemeral);
  if (mayBeFound) return processOf(service, runs.data, context);
  throw unknownWay(service, environment.name, 'nothing says where its process number stands');
}

function unitOf(unit: string, { signal }: StepContext): Running {
  const say = async (...words: readonly string[]) =>
    runProcess(['systemctl', ...words], { signal, timeoutMs: limits.serviceStopMs });
  const order = async (verb: string): Promise<void> => {
    const { exitCode, stderr } = await say(verb, unit);
    if (exitCode !== 0) throw new LifeboatError('target.refused', `systemctl ${verb} ${unit}: ${stderr.trim()}`);
  };
  return {
    shown: `the unit ${unit}`,
    look: async () => {
      const { exitCode, stdout, stderr } = await say('show', unit, '--property=LoadState,ActiveState');
      const state = /^ActiveState=(\S+)$/m.exec(stdout)?.[1];
      if (exitCode !== 0 || state === undefined || !/^LoadState=loaded$/m.test(stdout))
        throw new LifeboatError(
          'target.unreachable',
          `systemd does not know ${unit}: ${stderr.trim() || stdout.trim()}`,
        );
      return state === 'inactive' || state === 'failed' ? 'stopped' : 'runs';
    },
    stop: () => order('stop'),
    start: () => order('start'),
  };
}

function processOf(service: string, runs: z.infer<typeof runsSchema>, context: StepContext): Running {
  const { environment, plan } = context;
  const base = environment.ephemeral ? environment.folder : plan.folder;
  const pidFile =
    runs.pidFile === undefined ? join(environment.settingsFolder, `${service}.pid`) : resolve(base, runs.pidFile);
  return {
    shown: `the process of ${service} (${pidFile})`,
    look: async () => {
      if ((await pidIn(pidFile)) !== undefined || (await orphansOf(pidFile)).length > 0) return 'runs';
      // What runs in a bubble was started by this run, and left its number.
      return existsSync(pidFile) || environment.ephemeral ? 'stopped' : 'unseen';
    },
    stop: async () => {
      const pid = await pidIn(pidFile);
      await context.mustHold();
      const graceMs = typeof runs.stopWithin === 'string' ? parseDuration(runs.stopWithin) : runs.stopWithin;
      if (pid !== undefined)
        await endOne(pid, `SIG${runs.stopSignal ?? 'TERM'}`, graceMs ?? limits.serviceStopMs, context);
      await endOrphans(await orphansOf(pidFile));
    },
    start: async () => {
      const { process: argv, env } = runs;
      if (argv === undefined)
        throw new LifeboatError('plan.not_executable', `the plan does not say how ${service} is started`, {
          hint: 'Start it yourself, then go on with the run.',
        });
      await rm(pidFile, { force: true });
      const logFile = `${pidFile}.log`;
      const started = await startService(argv, {
        cwd: resolve(base, runs.cwd ?? '.'),
        env: plainEnvironment({ ...(await settingsOf(env)), ...(await turned(service, environment)) }),
        logFile,
      });
      environment.adopt({ name: service, pid: started.pid, stop: () => started.stop() });
      await writeFileDurably(pidFile, `${started.pid}\n`);
    },
  };
}

async function settingsOf(env: z.infer<typeof runsSchema>['env'] = {}): Promise<Record<string, string>> {
  const named = Object.entries(env).map(async ([name, value]) => [name, await readText(value)] as const);
  return Object.fromEntries(await Promise.all(named));
}

/** What `switch` wrote for this service where it states no file: newer than what the plan says. */
async function turned(
  service: string,
  { settingsFolder }: StepContext['environment'],
): Promise<Record<string, string>> {
  try {
    return readEnvLines(await readFile(join(settingsFolder, `${service}.env`), 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return {}; // nothing was turned
    throw error;
  }
}

/** The number in the file, if the process that wrote it is still there: numbers are used again. */
async function pidIn(path: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt((await readFile(path, 'latin1')).split('\n')[0] ?? '', 10);
    if (!(pid > 1)) throw new LifeboatError('target.unreadable', `${path} holds no process number`);
    const { mtimeMs } = await stat(path);
    return isAlive(pid) && !isZombie(pid) && startedMs(pid) <= mtimeMs + slackMs ? pid : undefined;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The kernel counts in hundredths of a second, and file systems keep coarse times. */
const slackMs = 2_000;

function startedMs(pid: number): number {
  const ticks = Number(processStart(pid) ?? 0);
  const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
  return Number(boot ?? 0) * 1000 + ticks * 10;
}

function isZombie(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return status.slice(status.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true; // it ended between the two looks
  }
}

/** Its whole group where it leads one; else itself alone, for the group is somebody else's. */
async function endOne(pid: number, first: NodeJS.Signals, graceMs: number, { clock }: StepContext): Promise<void> {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const group = Number(fields.slice(fields.lastIndexOf(')') + 2).split(' ')[2]);
  if (group === pid) return endGroup(pid, graceMs, first);
  process.kill(pid, first);
  for (const patience of [graceMs, limits.processBuryMs]) {
    const until = clock.elapsed() + patience;
    while (clock.elapsed() < until) {
      if (!isAlive(pid) || isZombie(pid)) return;
      await clock.sleep(50);
    }
    process.kill(pid, 'SIGKILL');
  }
  throw new LifeboatError('process.unstoppable', `process ${pid} is still there after SIGKILL`);
}

const unknownWay = (service: string, environment: string, why: string): LifeboatError =>
  new LifeboatError(
    'plan.not_executable',
    `${service} cannot be stopped and proved stopped in ${environment}: ${why}`,
    {
      hint: `Say how it runs there: environments: { ${environment}: { services: { ${service}: { runs: { pidFile: PATH } } } } }, or systemd: UNIT.`,
    },
  );
