import { briefing, engineNames, mustHaveConsent, onlyEnvironment, recover, scenarioOf } from '../../../app/index.ts';
import type { Command } from '../../command.ts';
import { namedValues } from './named-values.ts';
import { momentOf } from '../../moment.ts';
import { runnerHands } from './runner-hands.ts';
import { showBriefing } from '../../show/show-briefing.ts';
import { runJson, showRunOn, exitOfRun } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Runs the procedure of a scenario for real, step by step, each between two records of the journal, so that a crash can be resumed. Restores go to new places; nothing is written over. RTO is counted from --impact (default: now). With --engine restate the server that the plan names under tool.engine keeps it going, whatever dies: workers (lifeboat worker) do the steps, and when this process ends nobody waits any more but the run goes on. A step that the plan calls destructive acts only when its name was typed: with --confirm, at the terminal, or later with run resume; --yes does not do that. With --dry-run it executes nothing and is a briefing: what is proved, predicted or unknown of each step, how long it takes by budgets and by what was measured, who decides, what no rollback takes back, and what the last drill did not exercise. The exit code is 0 when every step is done, 1 when one failed, 3 when a person has to decide.',
  arguments: [{ name: 'SCENARIO', summary: 'the scenario of the plan that happened' }],
  options: [
    { flags: '--in <ENVIRONMENT>', summary: 'where to act; default: the only lasting environment of the plan' },
    { flags: '--impact <TIME>', summary: 'when it broke (2026-11-21T03:00:00Z); default: now' },
    { flags: '--as <CONTACT>', summary: 'who you are; asked for where people have to approve, which you then cannot' },
    { flags: '--last-good <TIME>', summary: 'the last moment whose data is wanted; default: the impact' },
    { flags: '--parameter <NAME=VALUE...>', summary: 'what the scenario asks for' },
    {
      flags: '--confirm <STEP...>',
      summary: 'names of destructive steps, which may act then; asked for at a terminal',
    },
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
      const request = {
        scenario: scenario.name,
        environment,
        by,
        parameters,
        signal: context.signal,
        ...(impactMs === undefined ? {} : { impactMs }),
        ...(lastGoodMs === undefined ? {} : { lastGoodMs }),
      };
      if (input.flag('dry-run')) {
        const brief = await briefing(workspace, request);
        showBriefing(context.output, brief);
        return { json: { run: null, verdict: 'dry', ...brief } };
      }
      mustHaveConsent(workspace, environment, scenario, context.yes);
      const run = await recover(workspace, {
        ...request,
        alone: input.flag('alone'),
        confirm: input.texts('confirm'),
        engine: input.text('engine') === 'restate' ? 'restate' : 'embedded',
        tools: runnerHands(workspace, context),
      });
      showRunOn(context.output, run);
      return { json: runJson(run), exitCode: exitOfRun(run) };
    }),
};
