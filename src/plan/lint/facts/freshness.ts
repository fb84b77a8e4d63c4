import type { AssetDeclaration, Plan, Policy } from '../../model.ts';
import type { Path } from '../../document.ts';
import { sentenceDuration } from '../words.ts';
import { othersCopies } from './others-copies.ts';
import { rhythmOf } from './rhythm.ts';
import type { Written } from './written.ts';

/** How old the newest point of an asset in one store can be at worst. */
export interface Age {
  readonly store: string;
  /** Infinity when nothing ever brings a point there. */
  readonly worstMs: number;
  /** On days without a change of clocks. */
  readonly usualMs: number;
  /** `a gap of 6 h + 12 min to take it` */
  readonly because: string;
  readonly how: 'sync' | 'stream' | 'schedule' | 'copy' | 'nothing';
  /** What a person changes to make it fresher. */
  readonly path: Path;
}

// What a stream is behind when the plan does not say: each second to a filesystem, each five to an object store.
const streamLagMs = { fs: 1000, other: 5000 };

/** Assets, the stores that hold their points, and the ages of those, from the policies' calendars. */
export class Freshness {
  readonly #plan: Plan;
  readonly #written: Written;
  readonly #known = new Map<string, readonly Age[]>();

  constructor(plan: Plan, written: Written) {
    this.#plan = plan;
    this.#written = written;
  }

  /** One entry for each store; empty for an unknown asset or one that is left out. */
  of(asset: string): readonly Age[] {
    const declaration = this.#plan.assets.get(asset);
    if (declaration === undefined) return [];
    const others = othersCopies(declaration, this.#written);
    if (others.length > 0) return others.map(({ store }) => this.#ofOthers(declaration, store));
    const known = this.#known.get(declaration.policy ?? '');
    if (known !== undefined) return known;
    const ages = this.#agesOf(declaration);
    this.#known.set(declaration.policy ?? '', ages);
    return ages;
  }

  /** The freshest of what is left when some stores are lost. */
  best(asset: string, isLost: (store: string) => boolean = () => false): Age | undefined {
    const left = this.of(asset).filter(({ store }) => !isLost(store));
    return left.reduce<Age | undefined>(
      (best, age) => (best === undefined || age.worstMs < best.worstMs ? age : best),
      undefined,
    );
  }

  /** Nobody here makes them: the policy says how often somebody does. */
  #ofOthers(asset: AssetDeclaration, store: string): Age {
    const policy = this.#plan.policies.get(asset.policy ?? '');
    return policy === undefined ? never(store, this.#pathOf(asset)) : this.#scheduled(policy, store);
  }

  #agesOf(asset: AssetDeclaration): Age[] {
    const policy = asset.policy === undefined ? undefined : this.#plan.policies.get(asset.policy);
    if (policy === undefined) return [...this.#plan.stores.keys()].map((store) => never(store, this.#pathOf(asset)));
    const to = policy.to.length === 0 ? [...this.#plan.stores.keys()] : policy.to;
    const scheduled = to.map((store) => this.#scheduled(policy, store));
    const source = scheduled[0];
    const streamed = this.#streamed(policy);
    const copied = (policy.copy?.to ?? []).map((store) => this.#copied(policy, store, source, streamed[0]));
    return freshestOfEach([...streamed, ...scheduled, ...copied]);
  }

  #pathOf(asset: AssetDeclaration): Path {
    return this.#written.nearest('assets', asset.name, 'policy');
  }

  #scheduled(policy: Policy, store: string): Age {
    const path: Path = ['policies', policy.name, 'every'];
    const rhythm = rhythmOf(policy.every);
    if (rhythm === undefined) return never(store, ['policies', policy.name]);
    const takesMs = this.#written.durationMs(['policies', policy.name, 'budget']) ?? 0;
    const optional =
      this.#written.at(['policies', policy.name, 'stream', 'optional']) === true ? '; its stream is only optional' : '';
    const takes = takesMs === 0 ? '' : ` + ${sentenceDuration(takesMs)} to take it`;
    return {
      store,
      worstMs: rhythm.longestGapMs + takesMs,
      usualMs: rhythm.usualGapMs + takesMs,
      because: `a gap of ${sentenceDuration(rhythm.longestGapMs)}${takes}${optional}`,
      how: 'schedule',
      path,
    };
  }

  #streamed(policy: Policy): Age[] {
    const path: Path = ['policies', policy.name, 'stream'];
    // What is left to the reader to set up does not count as protection.
    if (this.#written.at([...path, 'optional']) === true) return [];
    const lagMs = this.#written.durationMs([...path, 'every']);
    const lost = new Set(streamedWithoutPoints(policy));
    return this.#written.texts([...path, 'to']).map((store) => {
      // Nothing can be restored from a log alone.
      if (lost.has(store)) return never(store, path);
      const usual = this.#plan.stores.get(store)?.type === 'fs' ? streamLagMs.fs : streamLagMs.other;
      const sync = this.#written.at([...path, 'mode']) === 'sync';
      const worstMs = sync ? 0 : (lagMs ?? usual);
      const because = sync ? 'commits wait for it' : `a stream, ${sentenceDuration(worstMs)} behind`;
      return { store, worstMs, usualMs: worstMs, because, how: sync ? 'sync' : 'stream', path };
    });
  }

  #copied(policy: Policy, store: string, scheduled: Age | undefined, streamed: Age | undefined): Age {
    const withinMs = policy.copy?.withinMs ?? 0;
    // A copy carries whole objects, the stream's segments too, if it comes by within some time.
    const source = streamed !== undefined && policy.copy?.withinMs !== undefined ? streamed : scheduled;
    const path: Path = ['policies', policy.name, 'copy'];
    if (source === undefined) return never(store, path);
    const lag = withinMs === 0 ? '' : ` + ${sentenceDuration(withinMs)} to copy it`;
    return {
      store,
      worstMs: source.worstMs + withinMs,
      usualMs: source.usualMs + withinMs,
      because: `${source.because}${lag}`,
      how: 'copy',
      path,
    };
  }
}

/** Stores that the log goes to, and points never: neither taken there, nor copied, nor moved. */
export function streamedWithoutPoints({ to, copy, streams, keeps }: Policy): string[] {
  if (to.length === 0) return [];
  const tiers = (keeps.tiers ?? []).flatMap(({ store }) => store ?? []);
  const pointed = new Set([...to, ...(copy?.to ?? []), ...tiers]);
  return (streams?.to ?? []).filter((store) => !pointed.has(store));
}

const never = (store: string, path: Path): Age => ({
  store,
  worstMs: Infinity,
  usualMs: Infinity,
  because: 'nothing takes points on a schedule',
  how: 'nothing',
  path,
});

function freshestOfEach(ages: readonly Age[]): Age[] {
  const best = new Map<string, Age>();
  for (const age of ages) {
    const known = best.get(age.store);
    if (known === undefined || age.worstMs < known.worstMs) best.set(age.store, age);
  }
  return [...best.values()];
}
