import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isLifeboatError,
  LifeboatError,
  limits,
  plainEnvironment,
  readSecret,
  runProcess,
  toLifeboatError,
  type ProcessResult,
  type SecretSource,
} from '../../core/index.ts';
import { nameOf, quoted } from './remote-script.ts';

/** A machine that is reached by the system's own ssh, and known by its key. */
export interface SshHost {
  /** `ssh://deploy@app1.example:22` */
  readonly to: string;
  /** The private key, in OpenSSH's form. */
  readonly key: SecretSource;
  /** The host's public key, `ssh-ed25519 AAAA…`: who answers with another one is a stranger. */
  readonly hostKey: string;
}

export interface RemoteWork {
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `RUN/STEP`: what a dead runner left is found by it. */
  readonly mark: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  onOutput(piece: Buffer, from: 'stdout' | 'stderr'): void;
}

/** What ssh itself ends with when it does not come through. */
const notReached = 255;

/**
 * Runs a program there, word for word, without a shell's second reading. What it is given stands in no argument list, here or there. When
 * it is stopped, its end over there is confirmed too. Throws `target.unreachable`, `operation.cancelled`, `process.*`.
 */
export async function runOverSsh(host: SshHost, argv: readonly string[], work: RemoteWork): Promise<ProcessResult> {
  const settings = Object.entries({ ...work.env, LIFEBOAT_STEP: work.mark });
  const script = [
    ...settings.map(([name, value]) => `export ${nameOf(name)}=${quoted(value)}`),
    ...(work.cwd === undefined ? [] : [`cd ${quoted(work.cwd)} || exit 126`]),
    `exec setsid -w ${argv.map(quoted).join(' ')} </dev/null`,
  ];
  try {
    const result = await say(host, `${script.join('\n')}\n`, work);
    if (result.exitCode === notReached) throw unreachable(host, result.stderr);
    return result;
  } catch (error) {
    // The connection was cut, here: what runs there does not notice by itself.
    if (isLifeboatError(error, 'target.unreachable')) await endOverSsh(host, work.mark);
    else await endOrDoubt(host, work.mark);
    throw error;
  }
}

async function endOrDoubt(host: SshHost, mark: string): Promise<void> {
  try {
    await endOverSsh(host, mark);
  } catch (error) {
    const why = `what it started on ${shown(host)} may go on there: ${toLifeboatError(error).message}`;
    throw new LifeboatError('process.unstoppable', why, { cause: error });
  }
}

/** Ends what bears the mark over there, with all that it started, and confirms it. Throws `process.unstoppable`, `target.unreachable`. */
export async function endOverSsh(host: SshHost, mark: string): Promise<void> {
  // Whoever was stopped does not take back that its program must be ended: no signal, but a bound.
  const result = await say(host, endScript(mark), {
    signal: new AbortController().signal,
    timeoutMs: limits.processGraceMs + limits.processBuryMs + limits.connectTimeoutMs,
    onOutput: () => {},
  });
  if (result.exitCode === 0) return;
  if (result.exitCode === notReached) throw unreachable(host, result.stderr);
  throw new LifeboatError('process.unstoppable', `what the step started on ${shown(host)} could not be ended`, {
    hint: `Look there for processes with LIFEBOAT_STEP=${mark} in their environment.`,
  });
}

/** Asked to end first, told after the grace; a process that is only waited for (a zombie) has no environment any more. */
const endScript = (mark: string): string => `began=$(date +%s)
while :; do
  found=$(grep -lszxF -- ${quoted(`LIFEBOAT_STEP=${mark}`)} /proc/[0-9]*/environ | tr -dc '0-9\\n')
  [ -z "$found" ] && exit 0
  waited=$(($(date +%s) - began))
  [ $waited -gt ${seconds(limits.processGraceMs + limits.processBuryMs)} ] && exit 1
  if [ $waited -lt ${seconds(limits.processGraceMs)} ]; then kill -TERM $found; else kill -KILL $found; fi 2>/dev/null
  sleep 0.25
done
`;

const seconds = (ms: number): number => Math.ceil(ms / 1000);

async function say(
  host: SshHost,
  script: string,
  { signal, timeoutMs, onOutput }: Pick<RemoteWork, 'signal' | 'timeoutMs' | 'onOutput'>,
): Promise<ProcessResult> {
  const { hostname, port, username } = addressOf(host);
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-ssh-'));
  try {
    const key = join(folder, 'key');
    await writeFile(key, `${(await readSecret(host.key)).reveal().trimEnd()}\n`, { mode: 0o600 });
    await chmod(key, 0o600);
    const known = port === '' || port === '22' ? hostname : `[${hostname}]:${port}`;
    await writeFile(join(folder, 'known'), `${known} ${host.hostKey.split(/\s+/).slice(0, 2).join(' ')}\n`);
    const options = [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${join(folder, 'known')}`,
      'GlobalKnownHostsFile=/dev/null',
      `ConnectTimeout=${Math.ceil(limits.connectTimeoutMs / 1000)}`,
      // A network that dies without a word is noticed within half a minute.
      'ServerAliveInterval=10',
      'ServerAliveCountMax=3',
    ].flatMap((option) => ['-o', option]);
    const words = ['ssh', '-F', 'none', '-T', ...options, '-i', key, '-p', port === '' ? '22' : port];
    return await runProcess([...words, '--', `${username}@${hostname}`, 'sh'], {
      env: plainEnvironment(),
      input: script,
      signal,
      onOutput,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function addressOf({ to }: SshHost): URL {
  const url = URL.canParse(to) ? new URL(to) : undefined;
  if (url?.protocol === 'ssh:' && url.hostname !== '' && url.username !== '' && url.password === '') return url;
  throw new LifeboatError('plan.invalid', `${to} is no address such as ssh://deploy@app1.example:22`);
}

const shown = (host: SshHost): string => addressOf(host).host;

const unreachable = (host: SshHost, said: string): LifeboatError =>
  new LifeboatError(
    'target.unreachable',
    `${shown(host)} was not reached by ssh: ${said.trim().split('\n').slice(-2).join(' ')}`,
    {
      hint: 'Compare its key with hostKey, and see that the key of the plan may log in.',
    },
  );
