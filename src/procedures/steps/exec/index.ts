import { parseDuration } from '../../../core/index.ts';
import { longOf, programSchema, runProgram, settleProgram, type Program } from '../../hands/program.ts';
import type { StepKind } from '../../step.ts';

/**
 * `exec: [PROGRAM, ARGUMENT, …]` or `exec: { run: […], cwd, env, timeout, repeatable, doneWhen }`. Never a shell; a clean
 * environment; the whole process group is ended on a timeout. After a crash a program is run again only if it is
 * `repeatable` or its `doneWhen` check is red; if neither is stated a person decides.
 */
export const execStep: StepKind<Program> = {
  kind: 'exec',
  about:
    'Runs a program, here or over ssh. Never a shell, in a clean environment; what it started is ended with it. After a crash it is run again only if it is `repeatable` or its `doneWhen` is red.',
  example: [
    '- exec: [systemctl, reload, shop]',
    '- exec: { run: [./rebuild-search], timeout: 20m, repeatable: true }',
    '- exec: { run: [make, ready], doneWhen: { file: { path: /srv/ready } } }',
  ].join('\n'),
  schema: programSchema,
  destructive: true,
  longestMs: (settings) =>
    longOf(settings).timeout === undefined ? undefined : parseDuration(longOf(settings).timeout ?? '0s'),
  title: (settings) =>
    `run ${longOf(settings).run.slice(0, 3).join(' ')}${longOf(settings).run.length > 3 ? ' …' : ''}`,
  describe: async ({ settings }) => ({
    certainty: 'unknown',
    text: `what ${longOf(settings).run[0]} does is known only when it runs`,
  }),
  run: runProgram,
  inspect: settleProgram,
};
