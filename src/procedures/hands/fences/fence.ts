import type { StepProof } from '../../step.ts';

/** One way to keep writers away from something, and to prove that none is left. Putting it up twice is the same as once. */
export interface Fence {
  /** `service:shop`, `asset:orders`: what nobody writes to while it stands. */
  readonly what: string;
  readonly how: 'stop' | 'revoke' | 'read-only' | 'proxy' | 'scale';
  /** How it is before: plain JSON, written down first, without secrets. */
  before(): Promise<unknown>;
  put(before: unknown): Promise<void>;
  /** Back to how it was. */
  lift(before: unknown): Promise<void>;
  /** Asks whether any writer is left. What does not answer is unknown, never proved. `before`: what was seen then, if it was. */
  prove(before: unknown): Promise<StepProof>;
  /** Of what there was before, what is asked for again once it was proved; all of it unless stated. */
  proved?(before: unknown): unknown;
  /** Whether it is as it was before. */
  proveLifted(before: unknown): Promise<StepProof>;
}

/** What a proved fence leaves for the steps after it: enough to prove it again. */
export interface FenceRecord {
  readonly what: string;
  readonly how: Fence['how'];
  readonly proof: string;
  /** As the step had them: what proves it again. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How it was before: a standby inherits a fence in the catalog, and must be rid of it when it takes over. */
  readonly before: unknown;
  /** Where the proof was given: only there the same question means the same. */
  readonly where?: { readonly environment: string; readonly host: string; readonly site: string | null };
  /** ISO 8601. */
  readonly provedAt: string;
}
