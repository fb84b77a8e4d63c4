import type { Newest } from '../assets/index.ts';
import { messageOf } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';

/** What a source says of itself at one moment. A source that does not answer is part of many disasters, and no error here. */
export interface SourceSeen {
  readonly asset: string;
  readonly id: string | undefined;
  readonly newest: Newest | undefined;
  readonly unanswered: string | undefined;
}

export async function seeSource(workspace: Workspace, asset: string, signal?: AbortSignal): Promise<SourceSeen> {
  const options = signal === undefined ? {} : { signal };
  try {
    const source = workspace.asset(asset);
    const { id } = await source.identify(options);
    return { asset, id, newest: await source.newest('source', options), unanswered: undefined };
  } catch (error) {
    return { asset, id: undefined, newest: undefined, unanswered: messageOf(error) };
  }
}

export interface SourceProof {
  readonly asset: string;
  /** Who the source was before and after the drill. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Undefined when the source answered neither before nor after: there is nothing to compare. */
  readonly same: boolean | undefined;
}

/** Compares who the sources are before and after. A source that answered before must answer the same after. */
export function compareSources(before: readonly SourceSeen[], after: readonly SourceSeen[]): SourceProof[] {
  return before.map(({ asset, id }) => {
    const later = after.find((one) => one.asset === asset)?.id;
    const same = id === undefined && later === undefined ? undefined : id === later;
    return { asset, before: id, after: later, same: id === undefined && later !== undefined ? undefined : same };
  });
}
