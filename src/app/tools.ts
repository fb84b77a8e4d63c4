import { deliver, textOfMessage, type OpenChannel, type Reachable } from '../communications/index.ts';
import { LifeboatError } from '../core/index.ts';
import { runDrill } from '../drills/index.ts';
import { backup, planRestore, restore, underPolicy, type Workspace } from '../operations/index.ts';
import type { CalledDrill, RunnerTools, StepMessage } from '../procedures/index.ts';
import { drillEvidence } from '../reports/index.ts';
import { lastingEnvironment } from './environment.ts';
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

/** Whoever sits here reads it too: on the real day that may be the only one who does. */
async function tell(workspace: Workspace, message: StepMessage, signal: AbortSignal): Promise<string> {
  const { journal, clock, plan, progress } = workspace;
  try {
    const { through, location, already, unsure, failed } = await deliver(message, {
      journal,
      clock,
      plan: plan.name,
      open: (channel) => openChannel(workspace, channel),
      next: (channel) => plan.channels.get(channel)?.else,
      signal,
    });
    const before = already ? ' before' : '';
    const doubt = unsure ? '; it was under way when its sender ended, and is not said again' : '';
    const instead = failed.length === 0 ? '' : `, because ${failed.join('; ')}`;
    return `told ${through} (${location})${before}${doubt}${instead}`;
  } catch (error) {
    progress.note(textOfMessage(message));
    throw error;
  }
}

async function openChannel({ plan, clock, progress }: Workspace, name: string): Promise<OpenChannel> {
  // Every plan has this one, as its references say: nobody has to declare who sits in front of it.
  const channel: { readonly type: string; readonly [setting: string]: unknown } | undefined =
    plan.channels.get(name) ?? (name === 'console' ? { type: name } : undefined);
  if (channel === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no channel ${name}`, {
      hint: `It has: ${[...plan.channels.keys()].join(', ') || 'none'}.`,
    });
  }
  const { type, else: _, domain: __, ...settings } = channel;
  const wanted = registry.channels.find((kind) => kind.type === type);
  // Of a type that nothing sends by yet: `check` says so, and whoever runs it reads it.
  const kind = wanted ?? registry.channels.find((one) => one.type === 'console');
  if (kind === undefined) throw new LifeboatError('plan.not_executable', `nothing sends by ${type}`);
  const parsed = kind.schema.safeParse(wanted === undefined ? {} : settings);
  if (!parsed.success) {
    const why = parsed.error.issues.map(({ path, message }) => [...path, message].map(String).join(': ')).join('; ');
    throw new LifeboatError('plan.invalid', `the channel ${name} is not written right: ${why}`);
  }
  const contact = (one: string): Reachable | undefined => plan.contacts.get(one);
  const notifier = await kind.open(parsed.data, { clock, contact, say: (line) => progress.note(line) });
  const location = wanted === undefined ? `this console, for nothing sends by ${type} yet` : notifier.location;
  return { notifier: { ...notifier, location }, twice: kind.twice };
}
