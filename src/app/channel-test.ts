import { deliver, type Delivery } from '../communications/index.ts';
import { isLifeboatError, LifeboatError, timeId } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import { outboxHands } from './messages.ts';
import { registry } from './registry.ts';

/** What became of the test of one channel. */
export interface ChannelTest {
  readonly channel: string;
  readonly type: string;
  /** It took the message itself. */
  readonly ok: boolean;
  /** Who took it, which may be one that stood in; undefined: nobody. */
  readonly delivery: Delivery | undefined;
  /** `ops: answers 410`, one for each that did not take it. */
  readonly failed: readonly string[];
}

/**
 * Sends a message that is marked as a test to channels of the plan, each with those that stand in for it; all of them unless named. What nobody took is
 * not sent later. Throws `plan.unknown_name`, and `journal.*`.
 */
export async function testChannels(
  workspace: Workspace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ChannelTest[]> {
  const { plan, clock } = workspace;
  const unknown = names.find((name) => !plan.channels.has(name));
  if (unknown !== undefined)
    throw new LifeboatError('plan.unknown_name', `the plan has no channel ${unknown}`, {
      hint: `It has: ${[...plan.channels.keys()].join(', ') || 'none'}.`,
    });
  const id = timeId(clock.now());
  const tests: ChannelTest[] = [];
  for (const channel of names.length > 0 ? new Set(names) : plan.channels.keys())
    tests.push(await testOne(workspace, id, channel, signal));
  return tests;
}

async function testOne(workspace: Workspace, id: string, channel: string, signal: AbortSignal): Promise<ChannelTest> {
  const { plan, host } = workspace;
  const hands = outboxHands(workspace, signal);
  const type = plan.channels.get(channel)?.type ?? '';
  const matter = { id: `test/${id}/${channel}`, severity: 'info' } as const;
  const subject = `[TEST] ${plan.name}: the channel ${channel}`;
  const body = `A test of Lifeboat on ${host}. Nothing has happened, and nothing is to be done: who reads this is reached by the channel ${channel}.`;
  const base = { channel, subject, onlyNow: true };
  try {
    const begun = { ...base, key: `${matter.id}/begins`, body, matter: { ...matter, state: 'begins' as const } };
    const delivery = await deliver(begun, hands);
    const taker = registry.channels.find((kind) => kind.type === plan.channels.get(delivery.through)?.type);
    // What a test opened is not left open: somebody would be woken by it.
    if (taker?.opensCases === true) {
      const over = { ...matter, state: 'ends' as const };
      await deliver({ ...base, key: `${matter.id}/ends`, body: 'The test is over.', matter: over }, hands);
    }
    return { channel, type, ok: delivery.through === channel && !delivery.unsure, delivery, failed: delivery.failed };
  } catch (error) {
    if (!isLifeboatError(error, 'message.undelivered')) throw error;
    return { channel, type, ok: false, delivery: undefined, failed: [error.message] };
  }
}
