import {
  engineNames,
  lastingEnvironment,
  mustHaveConsent,
  onlyEnvironment,
  recover,
  runnerTools,
  scenarioOf,
} from '../../../app/index.ts';
import { describeProcedure } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { namedValues } from './named-values.ts';
import { momentOf } from '../../moment.ts';
import { runJson, showRunOn, exitOfRun } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Runs the procedure of a scenario for real, step by step, each between two records of the journal, so that a crash can be resumed. Restores go to new places; nothing is written over. RTO is counted from --impact (default: now). With --engine restate the server that the plan names under tool.engine keeps it going, whatever dies: workers (lifeboat worker) do the steps, and when this process ends nobody waits any more but the run goes on. With --dry-run it executes nothing and says of each step what is proved, predicted or unknown. The exit code is 0 when every step is done, 1 when one failed, 3 when a person has to decide.',
  arguments: [{ name: 'SCENARIO', summary: 'the scenario of the plan that happened' }],
  options: [
    { flags: '--in <ENVIRONMENT>', summary: 'where to act; default: the only lasting environment of the plan' },
    { flags: '--impact <TIME>', summary: 'when it broke (2026-11-21T03:00:00Z); default: now' },
    { flags: '--as <CONTACT>', summary: 'who you are; asked for where people have to approve, which you then cannot' },
    { flags: '--last-good <TIME>', summary: 'the last moment whose data is wanted; default: the impact' },
    { flags: '--parameter <NAME=VALUE...>', summary: 'what the scenario asks for' },
    { flags: '--alone', summary: 'you made sure that nobody else acts there, where a store cannot tell' },
    {
      flags: '--engine <ENGINE>',
      summary: 'what keeps it going: this process (embedded, the default), or the server that the plan names',
      choices: engineNames,
    },
    { flags: '--dry-run', summary: 'a briefing: what each step would do, and how sure that is' },
  ],
  examples: [
    'lifeboat recover floor_lost --dry-run',
    'lifeboat recover floor_lost --in workshop --impact 2026-11-21T03:00:00Z',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const scenario = scenarioOf(workspace, input.argument('SCENARIO'));
      const environment = input.text('in') ?? onlyEnvironment(workspace);
      const by = { as: input.text('as'), user: userName() };
      const parameters = namedValues(input, 'parameter');
      const impactMs = momentOf(input, 'impact');
      const lastGoodMs = momentOf(input, 'last-good');
      if (input.flag('dry-run')) {
        const nowMs = workspace.clock.now();
        const impact = impactMs ?? nowMs;
        const previews = await describeProcedure({
          scenario,
          environment: lastingEnvironment(workspace, environment, 'dry-run'),
          tools: runnerTools(workspace),
          incident: { impactMs: impact, declaredMs: nowMs, lastGoodMs: lastGoodMs ?? impact },
          parameters,
          signal: context.signal,
          ...(by.as === undefined ? {} : { requester: by.as }),
        });
        context.output.line(`DRY RUN of ${scenario.name} in ${environment}: nothing is executed.`);
        context.output.table(
          ['step', 'certainty', 'what would happen'],
          previews.map(({ id, certainty, text }) => [id, certainty, text]),
        );
        return { json: { run: null, verdict: 'dry', steps: previews } };
      }
      mustHaveConsent(workspace, environment, scenario, context.yes);
      const run = await recover(workspace, {
        scenario: scenario.name,
        environment,
        by,
        alone: input.flag('alone'),
        parameters,
        engine: input.text('engine') === 'restate' ? 'restate' : 'embedded',
        signal: context.signal,
        ...(impactMs === undefined ? {} : { impactMs }),
        ...(lastGoodMs === undefined ? {} : { lastGoodMs }),
      });
      showRunOn(context.output, run);
      return { json: runJson(run), exitCode: exitOfRun(run) };
    }),
};
