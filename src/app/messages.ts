import { deliver, textOfMessage, type OpenChannel, type OutboxHands, type Reachable } from '../communications/index.ts';
import { LifeboatError } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { StepMessage } from '../procedures/index.ts';
import { registry } from './registry.ts';

/** Whoever sits here reads it too: on the real day that may be the only one who does. */
export async function tell(workspace: Workspace, message: StepMessage, signal: AbortSignal): Promise<string> {
  try {
    const { through, location, already, unsure, failed } = await deliver(message, outboxHands(workspace, signal));
    const before = already ? ' before' : '';
    const doubt = unsure ? '; it was under way when its sender ended, and is not said again' : '';
    const instead = failed.length === 0 ? '' : `, because ${failed.join('; ')}`;
    return `told ${through} (${location})${before}${doubt}${instead}`;
  } catch (error) {
    workspace.progress.note(textOfMessage(message));
    throw error;
  }
}

/** The channels of the plan, for the outbox. */
export const outboxHands = (workspace: Workspace, signal: AbortSignal): OutboxHands => ({
  journal: workspace.journal,
  clock: workspace.clock,
  plan: workspace.plan.name,
  open: (channel) => openChannel(workspace, channel),
  next: (channel) => workspace.plan.channels.get(channel)?.else,
  signal,
});

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
