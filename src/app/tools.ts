import { deliver, textOfMessage, type OpenChannel } from '../communications/index.ts';
import { LifeboatError } from '../core/index.ts';
import { backup, planRestore, restore, underPolicy, type Workspace } from '../operations/index.ts';
import type { RunnerTools, StepMessage } from '../procedures/index.ts';
import { registry } from './registry.ts';

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
    notify: (message, signal) => tell(workspace, message, signal),
    output: (step, line) => workspace.progress.note(`${step}: ${line}`),
  };
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
  const channel = plan.channels.get(name);
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
  const notifier = await kind.open(parsed.data, { clock, say: (line) => progress.note(line) });
  const location = wanted === undefined ? `this console, for nothing sends by ${type} yet` : notifier.location;
  return { notifier: { ...notifier, location }, twice: kind.twice };
}
