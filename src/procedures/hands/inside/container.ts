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

/** A container by its name. Whoever ends something there is its root: a program may have changed its user. */
export function containerDoor({ name, by = 'docker', user }: ContainerSettings): Door {
  const shown = `the container ${name}`;
  return {
    shown,
    env: toolEnvironment(),
    enter: [by, 'exec', '-i', ...(user === undefined ? [] : ['--user', user]), name],
    enterToEnd: [by, 'exec', '-i', '--user', '0', name],
    look: async (signal) => {
      const words = [by, 'container', 'ls', '--all', '--filter', `name=^${name}$`, '--format', '{{.Names}} {{.State}}'];
      const said = await runProcess(words, { env: toolEnvironment(), signal, timeoutMs: limits.serverAnswerMs });
      if (said.exitCode !== 0)
        throw new LifeboatError('target.unreachable', redact(`${by} cannot say: ${said.stderr.trim().slice(-300)}`));
      const found = said.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .find(([one]) => one === name);
      if (found === undefined) return { runs: false, text: `${by} knows no container ${name}` };
      const [, state = ''] = found;
      const runs = /^(running|up)/i.test(state);
      return { runs: runs || /^paused/i.test(state), text: `${shown} ${runs ? 'runs' : `is ${state.toLowerCase()}`}` };
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
