import { mustHaveConsent, planOfRollback, rollback } from '../../../app/index.ts';
import type { Rollback } from '../../../procedures/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { runnerHands } from './runner-hands.ts';
import { exitOfRun, runJson, showRunOn } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Takes back what a run did, the last step first: by the undo that the plan gives a step, by what its kind knows, or by a person. Each undo is proved by checks, and where nothing proves it a person looks. It is a run of its own, with an id that run show, resume, attest and cancel take; the run that is taken back cannot be gone on with. With --dry-run it executes nothing and lists what would be done. The exit code is 0 when all is taken back, 1 when an undo failed, 3 when a person has to act.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    { flags: '--as <CONTACT>', summary: 'who you are (the user of this process)' },
    { flags: '--alone', summary: 'you made sure that nobody else acts there, where a store cannot tell' },
    { flags: '--confirm <STEP...>', summary: 'names of destructive steps of the way back, which may act then' },
    {
      flags: '--here',
      summary: 'in this process, although an engine kept the run: people take back what other sites did',
    },
    { flags: '--dry-run', summary: 'what would be taken back, and by whom' },
  ],
  examples: [
    'lifeboat run rollback 01kb9c3r8x0000000000000000 --dry-run',
    'lifeboat run rollback 01kb9c3r8x0000000000000000 --as duty',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const run = input.argument('RUN');
      const plan = planOfRollback(workspace, run, input.flag('here'));
      if (input.flag('dry-run')) {
        showPlan(context, run, plan);
        const steps = plan.scenario.steps.map(({ id, kind }) => ({ id, kind }));
        return { json: { run: null, verdict: 'dry', steps, leaves: plan.leaves } };
      }
      mustHaveConsent(workspace, run, plan.scenario, context.yes);
      const by = { as: input.text('as'), user: userName() };
      const result = await rollback(workspace, {
        run,
        by,
        alone: input.flag('alone'),
        here: input.flag('here'),
        confirm: input.texts('confirm'),
        tools: runnerHands(workspace, context),
        signal: context.signal,
      });
      showRunOn(context.output, result);
      return { json: runJson(result), exitCode: exitOfRun(result) };
    }),
};

function showPlan({ output }: CommandContext, run: string, { scenario, leaves }: Rollback): void {
  output.line(`DRY RUN of the rollback of ${run}: nothing is executed.`);
  output.table(
    ['step', 'how'],
    [
      ...scenario.steps.map(({ id, kind, site }) => [
        id,
        `${kind === 'manual' ? 'a person' : kind}${site === undefined ? '' : `, at ${site}`}`,
      ]),
      ...leaves.map(({ step, why }) => [step, `left: ${why}`]),
    ],
  );
}
