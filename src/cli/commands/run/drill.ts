import { runnerTools, writeReport } from '../../../app/index.ts';
import { formatDuration, LifeboatError } from '../../../core/index.ts';
import { runDrill, type DrillResult } from '../../../drills/index.ts';
import type { Plan } from '../../../plan/index.ts';
import { drillEvidence } from '../../../reports/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Rehearses a scenario, or the restore of an asset, with the very procedure that would run for real, in a bubble of its own folders and ports that is destroyed afterwards, whatever happened. Measures RTO and RPO, scores them against the drill’s criteria, and writes evidence as JSON and as a page. Production is only read. The exit code is 0 only if every criterion is met.',
  arguments: [{ name: 'NAME', summary: 'the drill; may be left out when the plan has only one', optional: true }],
  options: [
    {
      flags: '--seed <SEED>',
      summary: 'choose by chance what the drill with this seed chose (its evidence has it), as long as that is there',
    },
  ],
  examples: ['lifeboat drill', 'lifeboat drill weekly', 'lifeboat drill weekly --json | jq .criteria'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const drill = drillOf(workspace.plan, input.optionalArgument('NAME'));
      const seed = input.text('seed');
      const asked = { drill, seed, by: userName(), signal: context.signal };
      const result = await runDrill({ ...asked, tools: runnerTools(workspace) });
      const evidence = drillEvidence(workspace.journal.records({ run: result.run }));
      const files = await writeReport(workspace, evidence);
      show(context, result, files.page);
      const json = { ...result, report: files.page, evidence: files.evidence };
      if (result.verdict === 'pass') return { json };
      const failed = result.criteria
        .filter(({ verdict }) => verdict !== 'pass')
        .map(({ name, text }) => `${name}: ${text}`);
      return {
        json,
        error: new LifeboatError('drill.failed', `the drill ${drill.name} failed: ${failed.join('; ')}`, {
          hint: `Read the report: ${files.page}`,
        }),
      };
    }),
};

function drillOf(plan: Plan, name: string | undefined) {
  const drills = [...plan.drills.values()];
  const drill = name === undefined && drills.length === 1 ? drills[0] : plan.drills.get(name ?? '');
  if (drill !== undefined) return drill;
  const what = name === undefined ? 'the plan has not exactly one drill: name it' : `the plan has no drill ${name}`;
  throw new LifeboatError('plan.unknown_name', what, {
    hint: `It has: ${drills.map((item) => item.name).join(', ') || 'none'}.`,
  });
}

function figure(value: number | undefined, unit: DrillResult['criteria'][number]['unit']): string {
  if (unit === 'none') return '';
  if (value === undefined) return 'unknown';
  return unit === 'ms' ? formatDuration(value) : String(value);
}

function show({ output }: CommandContext, result: DrillResult, page: string): void {
  const good = result.verdict === 'pass';
  output.line(
    `${output.mark(good)} DRILL ${result.drill} (${result.scenario}): ${good ? 'PASS' : 'FAIL'}   run ${result.run}`,
  );
  output.table(
    ['criterion', 'verdict', '>measured', '>target', 'what it is'],
    result.criteria.map((criterion) => [
      criterion.name,
      `${output.mark(criterion.verdict === 'pass')} ${criterion.verdict}`,
      `${criterion.bound ? 'at most ' : ''}${figure(criterion.measured, criterion.unit)}`,
      figure(criterion.target, criterion.unit),
      criterion.text,
    ]),
  );
  output.table(
    ['step', 'state', '>took', 'what happened'],
    result.procedure.steps.map((step) => [
      step.id,
      step.state,
      step.seconds === undefined ? '' : formatDuration(step.seconds * 1000),
      step.summary || step.title,
    ]),
  );
  for (const { asset, point, of } of result.chance?.points ?? [])
    output.line(`chosen by chance: point ${point} of ${asset}, one of ${of}`);
  if ((result.chance?.points.length ?? 0) > 0) output.line(`the same again: --seed ${result.chance?.seed}`);
  for (const item of result.notExercised) output.line(`not exercised: ${item}`);
  output.line(`report: ${page}`);
}
