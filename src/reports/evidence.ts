import type { Criterion, DrillResult } from '../drills/index.ts';
import type { StepReport } from '../procedures/index.ts';

/**
 * What a run proved, for people and auditors: one JSON document that stands for itself. Made from records alone, so that
 * anybody with the journal makes the same one. Durations are seconds, moments ISO 8601 in UTC.
 */
export interface Evidence {
  readonly format: 'lifeboat-evidence/1';
  readonly mode: 'DRILL' | 'REAL';
  readonly title: string;
  readonly verdict: 'pass' | 'fail';
  readonly run: string;
  readonly scenario: string;
  readonly environment: string;
  readonly plan: { readonly name: string; readonly hash: string; readonly scenarioHash: string };
  /** Who began it: an account, with the contact that it is; not there where the schedule or a step did. */
  readonly askedForBy?: string;
  readonly tool: string;
  readonly host: string;
  readonly impactAt: string;
  readonly declaredAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Where the recovery clock starts: at the impact, in a drill at the declaration. */
  readonly clockStarts: 'impact' | 'declared';
  readonly rto: { readonly seconds: number | undefined; readonly targetSeconds: number | undefined } & RtoSeconds;
  readonly criteria: readonly EvidenceCriterion[];
  readonly assets: readonly EvidenceAsset[];
  readonly checks: readonly { asset?: string; name: string; ok: boolean; observed: string; expected: string }[];
  readonly steps: readonly EvidenceStep[];
  readonly scope: readonly string[];
  readonly notExercised: readonly string[];
  readonly isolation: { sources: DrillResult['sources']; targets: DrillResult['targets'] } | undefined;
  readonly bubble: DrillResult['bubble'];
  readonly messages: DrillResult['messages'];
  /** The seed of what was left to chance, and the points that it chose. */
  readonly chance?: DrillResult['chance'];
  /** Who was absent, who stood in, and where nobody did. */
  readonly people?: DrillResult['people'];
  /** The part of the journal that this was made from. */
  readonly journal: { readonly records: number; readonly first: number; readonly last: number; readonly head: string };
  /** SHA-256 over the canonical JSON of all the above (keys sorted, no spaces), hex. */
  readonly sha256: string;
}

export interface RtoSeconds {
  readonly detect: number;
  readonly decide: number;
  readonly execute: number;
  readonly verify: number;
  readonly waitingForPeople: number;
  readonly waitingForWindow: number;
  readonly total: number;
}

export interface EvidenceCriterion {
  readonly name: Criterion['name'];
  readonly verdict: Criterion['verdict'];
  readonly unit: 's' | 'things' | 'checks' | 'none';
  readonly measured: number | undefined;
  readonly target: number | undefined;
  readonly margin: number | undefined;
  readonly atMost: boolean;
  readonly text: string;
}

export interface EvidenceAsset {
  readonly asset: string;
  readonly bytes: number | undefined;
  readonly point:
    | { readonly id: string; readonly at: string; readonly ageSeconds: number; readonly store: string }
    | undefined;
  readonly rpoSeconds: number | undefined;
  readonly rpoAtMost: boolean;
  readonly rpoHow: string;
  readonly rpoTargetSeconds: number | undefined;
  readonly rtoSeconds: number | undefined;
  readonly rtoTargetSeconds: number | undefined;
  readonly acknowledged: number | undefined;
  readonly restored: number | undefined;
  readonly lost: number | undefined;
  readonly verdict: 'pass' | 'fail' | 'unknown';
}

export interface EvidenceStep {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: StepReport['state'];
  readonly startedAt: string | undefined;
  readonly seconds: number | undefined;
  readonly budgetSeconds: number | undefined;
  readonly overBudget: boolean;
  readonly attempts: number;
  readonly summary: string;
}
