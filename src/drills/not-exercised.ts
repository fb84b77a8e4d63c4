import type { Workspace } from '../operations/index.ts';
import type { Scenario } from '../plan/index.ts';
import type { RunResult } from '../procedures/index.ts';
import { assetsRestored } from './rehearsal.ts';
import type { SourceProof } from './sources.ts';

interface Rehearsed {
  readonly procedure: RunResult;
  readonly sources: readonly SourceProof[];
  readonly messages: readonly { readonly channel: string }[];
}

/** What the real day has and this drill had not. */
export function notExercised(
  scenario: Scenario,
  { procedure, sources, messages }: Rehearsed,
  { plan }: Workspace,
): string[] {
  const assets = new Set(assetsRestored(scenario));
  const services = [...plan.services.values()].filter(({ needs }) => needs.some((name) => assets.has(name)));
  return [
    'noticing the disaster: a drill begins declared',
    ...procedure.steps
      .filter(({ state }) => state === 'skipped' || state === 'pending')
      .map(
        ({ id, summary }) => `step ${id}: ${summary === '' ? 'never began' : summary.replace(/^not exercised: /, '')}`,
      ),
    ...procedure.unexercised,
    ...services.map(
      ({ name }) => `service ${name}: only its data was brought back, the service itself was not started`,
    ),
    ...sources
      .filter(({ before }) => before === undefined)
      .map(({ asset }) => `${asset}: its source did not answer, so that the loss is an upper bound`),
    ...channelsNotUsed(messages, plan),
    ...(procedure.steps.some(({ kind, state }) => kind === 'exec' && state === 'done')
      ? ['walls around programs: they ran in the bubble with a clean environment, but could reach the network']
      : []),
  ];
}

/** A channel that took nothing is not known to work: a line for each that the real day would have used. */
function channelsNotUsed(messages: Rehearsed['messages'], { channels }: Workspace['plan']): string[] {
  return [...Map.groupBy(messages, ({ channel }) => channel)].map(([channel, { length }]) => {
    const declared = channels.get(channel);
    const instead = declared?.else === undefined ? '' : `, and ${declared.else} that stands in for it`;
    const kept = `${length} message${length === 1 ? ' was' : 's were'} kept in the bubble`;
    const proof = declared === undefined ? '' : `; lifeboat channel test ${channel} uses it`;
    return `channel ${channel} (${declared?.type ?? 'console'})${instead}: ${kept}${proof}`;
  });
}
