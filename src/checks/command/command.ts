import { resolve } from 'node:path';
import { z } from 'zod';
import { limits, plainEnvironment, runProcess } from '../../core/index.ts';
import type { CheckKind } from '../check.ts';
import { durationOr } from '../parse-check.ts';

const argv = z.array(z.string()).min(1);
const long = z.strictObject({
  run: argv,
  cwd: z.string().min(1).optional(),
  env: z.record(z.string(), z.string()).optional(),
  timeout: z.string().optional(),
});
const schema = z.union([argv, long]);
type Settings = z.infer<typeof schema>;
type Long = z.infer<typeof long>;

/**
 * `command: [PROGRAM, ARGUMENT, …]`, never a shell. Green without `expect`: exit code 0. Gives `exitCode`, `stdout`, `stderr`
 * (their ends) and `ms`. The whole process group is ended when it takes too long.
 */
export const commandCheck: CheckKind<Settings> = {
  kind: 'command',
  schema,
  describe: (settings) => `the program ${longOf(settings).run[0]}`,
  observe: async (settings, context) => {
    const { run, cwd, env, timeout } = longOf(settings);
    const startedMs = context.clock.elapsed();
    const result = await runProcess(run, {
      cwd: resolve(context.root ?? context.baseFolder, cwd ?? '.'),
      env: plainEnvironment(env),
      timeoutMs: durationOr(timeout, limits.stepTimeoutMs),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
    const { exitCode, stdout, stderr } = result;
    const said = (stdout.trim() || stderr.trim()).split('\n').at(-1) ?? '';
    const how = exitCode === null ? `ended by ${result.signal}` : `exit code ${exitCode}`;
    return {
      variables: { exitCode, stdout: stdout.trim(), stderr: stderr.trim(), ms: context.clock.elapsed() - startedMs },
      ok: exitCode === 0,
      expected: 'exit code 0',
      observed: said === '' ? how : `${how}: ${said}`,
    };
  },
};

const longOf = (settings: Settings): Long => (Array.isArray(settings) ? { run: settings } : settings);
