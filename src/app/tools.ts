import { LifeboatError } from '../core/index.ts';
import { runDrill } from '../drills/index.ts';
import { backup, planRestore, restore, underPolicy, type Workspace } from '../operations/index.ts';
import type { CalledDrill, RunnerTools } from '../procedures/index.ts';
import { drillEvidence } from '../reports/index.ts';
import { lastingEnvironment } from './environment.ts';
import { tell } from './messages.ts';
import { registry } from './registry.ts';
import { writeReport } from './report.ts';

/** The hands of a real run: the operations themselves, and the channels of the plan for messages. */
export function runnerTools(workspace: Workspace): RunnerTools {
  return {
    workspace,
    stepKinds: registry.steps,
    checkKinds: registry.checks,
    backup: (asset, signal, policy) =>
      backup(policy === undefined ? workspace : underPolicy(workspace, asset, policy), asset, signal),
    planRestore: (request) => planRestore(workspace, request),
    restore: (request) => restore(workspace, request),
    drill: (name, signal) => drillCalled(workspace, name, signal),
    environment: (name, run) => lastingEnvironment(workspace, name, run),
    notify: (message, signal) => tell(workspace, message, signal),
    output: (step, line) => workspace.progress.note(`${step}: ${line}`),
  };
}

/** A drill that a step calls is the one that `lifeboat drill` runs. Throws `plan.unknown_name`, and what `runDrill` throws. */
async function drillCalled(workspace: Workspace, name: string, signal: AbortSignal): Promise<CalledDrill> {
  const drill = workspace.plan.drills.get(name);
  if (drill === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no drill ${name}`, {
      hint: `It has: ${[...workspace.plan.drills.keys()].join(', ') || 'none'}.`,
    });
  }
  const { run, verdict, rtoSeconds, rpoSeconds, lost, criteria } = await runDrill({
    drill,
    tools: runnerTools(workspace),
    signal,
  });
  const { page } = await writeReport(workspace, drillEvidence(workspace.journal.records({ run })));
  const failed = criteria.filter((one) => one.verdict !== 'pass').map((one) => `${one.name}: ${one.text}`);
  return { run, verdict, rtoSeconds, rpoSeconds, lost, report: page, failed };
}
