import { z } from 'zod';
import { LifeboatError, limits, plainEnvironment, redact, runProcess } from '../../../core/index.ts';
import type { Door } from './inside.ts';

/** The tools that enter containers of this machine, or of that which they are set up to speak with. */
const tools = ['docker', 'podman', 'nerdctl'] as const;

export const containerSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'a name of a container')
    .describe('The container it runs in'),
  by: z.enum(tools).optional().describe('What enters it; docker unless stated'),
  user: z.string().min(1).optional().describe('Whose program it is there, if not that of the container'),
});
export type ContainerSettings = z.infer<typeof containerSchema>;

/**
 * A container by its name. Whoever ends something there is its root, with all that a root may: the root of a container commonly may not look at what
 * other users run in it, and what it does not see it would call ended.
 */
export function containerDoor({ name, by = 'docker', user }: ContainerSettings): Door {
  const shown = `the container ${name}`;
  return {
    shown,
    env: toolEnvironment(),
    enter: [by, 'exec', '-i', ...(user === undefined ? [] : ['--user', user]), name],
    enterToEnd: [by, 'exec', '-i', '--privileged', '--user', '0', name],
    look: async (signal) => {
      // To one of these tools the filter is a pattern, to another a part of the name; the status each of them has.
      const words = [by, 'container', 'ls', '--all', '--filter', `name=${name}`, '--format', '{{.Names}} {{.Status}}'];
      const said = await runProcess(words, { env: toolEnvironment(), signal, timeoutMs: limits.serverAnswerMs });
      if (said.exitCode !== 0)
        throw new LifeboatError('target.unreachable', redact(`${by} cannot say: ${said.stderr.trim().slice(-300)}`));
      const found = said.stdout
        .trim()
        .split('\n')
        .map((line) => /^(\S+) ?(.*)$/.exec(line) ?? [])
        .find(([, names = '']) => names.split(',').includes(name));
      if (found === undefined) return { runs: false, text: `${by} knows no container ${name}` };
      const state = (found[2] ?? '').toLowerCase();
      // What has no processes is known by these words only; any other one may have some.
      const isOver = /^(created|configured|initialized|exited|stopped|dead|restarting|remov)/.test(state);
      const isUp = /^(up|running)/.test(state) && !state.includes('paused');
      return { runs: !isOver, text: `${shown} ${isUp ? 'runs' : `is ${state || 'in a state that nobody names'}`}` };
    },
  };
}

/** Where such a tool finds what it speaks with, if that is said here. */
const settings = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'CONTAINER_HOST',
  'CONTAINERD_ADDRESS',
  'CONTAINERD_NAMESPACE',
  'XDG_RUNTIME_DIR',
];

const toolEnvironment = (): Record<string, string> =>
  plainEnvironment(
    Object.fromEntries(
      settings.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const])),
    ),
  );
