import { resolve } from 'node:path';
import { z } from 'zod';
import { runCheck } from '../../checks/index.ts';
import {
  endProcesses,
  stepMark,
  isLifeboatError,
  parseDuration,
  plainEnvironment,
  readText,
  runProcess,
  type LifeboatError,
  type SeenProcess,
} from '../../core/index.ts';
import { checkContextOf, checkOf, writtenCheck } from '../settings/check-of.ts';
import { duration } from '../settings/duration.ts';
import { notExercised, type StepContext, type StepInput, type StepOutcome } from '../step.ts';
import { lineSplitter } from './lines.ts';
import { containerDoor, containerSchema } from './inside/container.ts';
import { endInside, runInside, type Door } from './inside/inside.ts';
import { podDoor, podSchema } from './inside/pod.ts';
import { endOverSsh, runOverSsh, type SshHost } from './ssh.ts';

/** Programs that steps call, here or on another machine: never a shell, a clean environment, what they started is ended with them. */

const argv = z.array(z.string()).min(1);
const secret = z.union([
  z.string(),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const ssh = z.strictObject({
  to: z.string().min(1).describe('ssh://user@host:port'),
  key: secret.describe('The private key that may log in'),
  hostKey: z.string().min(1).describe('The public key of the host: ssh-ed25519 AAAA…'),
});
const long = z
  .strictObject({
    run: argv,
    ssh: ssh.optional().describe('The machine it runs on, if not this one'),
    container: containerSchema.optional().describe('The container it runs in'),
    pod: podSchema.optional().describe('The pod of a cluster it runs in, entered by kubectl'),
    cwd: z.string().min(1).optional(),
    env: z.record(z.string(), secret).optional().describe('Its environment: texts, or where a secret comes from'),
    timeout: duration.optional(),
    repeatable: z.boolean().optional(),
    doneWhen: writtenCheck.optional(),
  })
  .refine(
    ({ ssh: host, container, pod }) => [host, container, pod].filter((one) => one !== undefined).length <= 1,
    'it runs at one place: name ssh, container or pod',
  );
/** `[PROGRAM, ARGUMENT, …]` or `{ run: […], cwd, env, timeout, repeatable, doneWhen, ssh, container, pod }`. */
export const programSchema = z.union([argv, long]);
export type Program = z.infer<typeof programSchema>;
type Long = z.infer<typeof long>;
type Call = Pick<StepInput<Program>, 'key' | 'settings' | 'idempotent' | 'remembered'>;

/** Runs it to its end; its output becomes lines of the record. */
export async function runProgram({ key, settings, remembered }: Call, context: StepContext): Promise<StepOutcome> {
  const { run: words, cwd, env, timeout, ssh: host } = longOf(settings);
  const outside = placeOf(settings);
  if (outside !== undefined && context.mode === 'drill') return notExercised(`${outside} is outside the bubble`);
  const lines = lineSplitter((line) => context.output(line));
  try {
    const work = {
      signal: context.signal,
      ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }),
      onOutput: (piece: Buffer, from: string) => lines.push(piece, from),
    };
    const named = await environmentOf(env ?? {});
    const door = await doorOf(settings, remembered, context, true);
    if (door !== undefined) {
      const onLine = (line: string): void => context.output(line);
      const onSession = (session: string): void => context.remember({ session });
      return outcomeOf(
        words[0] as string,
        await runInside(door, words, { ...work, cwd, env: named, mark: key, onLine, onSession }),
      );
    }
    if (host !== undefined) {
      const result = await runOverSsh(host as SshHost, words, { ...work, cwd, env: named, mark: key });
      lines.end();
      return outcomeOf(words[0] as string, result);
    }
    const result = await runProcess(words, {
      cwd: folderOf(cwd, context),
      env: { ...plainEnvironment(named), ...stepMark(key) },
      ...work,
    });
    lines.end();
    return outcomeOf(words[0] as string, result);
  } catch (error) {
    lines.end();
    if (!isLifeboatError(error)) throw error;
    return failed(error);
  }
}

/** After a crash: did it happen? What an interrupted program left running is ended first: two of them must never act at once. */
export async function settleProgram(
  { key, settings, idempotent, remembered }: Call,
  context: StepContext,
): Promise<'done' | 'not-done' | 'unknown'> {
  const { repeatable = idempotent, doneWhen, ssh: host } = longOf(settings);
  // A pod that no attempt has chosen yet has nothing of this step in it.
  const isUnchosen = longOf(settings).pod !== undefined && remembered['pod'] === undefined;
  const door = isUnchosen ? undefined : await doorOf(settings, remembered, context);
  // Of a container on this machine only the tool is ended from here: whoever is in it is ended, and buried, in there.
  const isOurs = ({ mark, program }: SeenProcess): boolean =>
    mark === key && (door === undefined || program === door.enter[0]);
  if (host !== undefined) await endOverSsh(host as SshHost, key);
  else if ((await endProcesses(isOurs)) === undefined) return 'unknown';
  const { session } = remembered;
  if (door !== undefined) await endInside(door, key, typeof session === 'string' ? session : undefined);
  if (doneWhen !== undefined) {
    const { spec, kind, settings: asked } = checkOf(doneWhen, context.checkKinds);
    // `observe` throws when there is nothing to observe: then it is unknown, and not "red, so do it again".
    await kind.observe(asked, checkContextOf(context));
    return (await runCheck(spec, context.checkKinds, checkContextOf(context))).ok ? 'done' : 'not-done';
  }
  return repeatable === true ? 'not-done' : 'unknown';
}

/** Where it runs, if that is not here: for people. */
export function placeOf(settings: Program): string | undefined {
  const { ssh: host, container, pod } = longOf(settings);
  if (host !== undefined) return host.to;
  if (container !== undefined) return `the container ${container.name}`;
  if (pod === undefined) return undefined;
  return 'name' in pod ? `the pod ${pod.name}` : `a pod with ${pod.selector}`;
}

/** What a step in a container enters, to act there or to look at what it did; undefined where it runs elsewhere. */
export async function doorOf(
  settings: Program,
  remembered: Readonly<Record<string, unknown>>,
  context: StepContext,
  acts = false,
): Promise<Door | undefined> {
  const { container, pod } = longOf(settings);
  if (container !== undefined) return containerDoor(container);
  return pod === undefined ? undefined : podDoor(pod, remembered, context, acts);
}

function outcomeOf(
  program: string,
  { exitCode, signal, stdout, stderr }: Awaited<ReturnType<typeof runProcess>>,
): StepOutcome {
  if (exitCode === 0) {
    const last = stdout.trim().split('\n').at(-1) ?? '';
    return {
      state: 'done',
      outputs: { exitCode, stdout: stdout.trim() },
      summary: last === '' ? 'ended well' : last.slice(0, 200),
    };
  }
  const lines = (stderr.trim() || stdout.trim()).split('\n').filter((line) => line.trim() !== '');
  const said = lines.slice(-3).join(' / ').slice(0, 400);
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  return { state: 'failed', code: 'process.failed', summary: `${program} ${how}${said === '' ? '' : `: ${said}`}` };
}

const failed = ({ code, message, hint }: LifeboatError): StepOutcome => ({
  state: 'failed',
  code,
  summary: message,
  ...(hint === undefined ? {} : { hint }),
});

/** A program in a bubble starts inside it; otherwise where the plan is. */
const folderOf = (cwd: string | undefined, { environment, plan }: StepContext): string =>
  resolve(environment.ephemeral ? environment.folder : plan.folder, cwd ?? '.');

async function environmentOf(named: NonNullable<Long['env']>): Promise<Record<string, string>> {
  const values = Object.entries(named).map(async ([name, source]) => [name, await readText(source)] as const);
  return Object.fromEntries(await Promise.all(values));
}

export const longOf = (settings: Program): Long => (Array.isArray(settings) ? { run: settings } : settings);
