import type { z } from 'zod';

/**
 * What the plan's language takes from elsewhere: the schemas of every kind of asset, store, step and check. The app's registry
 * fits as it is; the plan room names no implementation.
 */
export interface PlanKinds {
  readonly assets: readonly TypedKind[];
  readonly stores: readonly StoreWords[];
  readonly checks: readonly CheckWords[];
  readonly steps: readonly StepWords[];
  /** Channels that messages are sent by; the console alone unless stated. */
  readonly channels?: readonly { readonly type: string }[];
}

/** Named by `type:` in its declaration; the schema covers the settings beside what every asset or store has. */
export interface TypedKind {
  readonly type: string;
  readonly schema: z.ZodType;
}

export interface StoreWords extends TypedKind {
  /** Whether `lock` means anything to places of this kind. */
  readonly locks?: boolean;
}

/** Named by a key of its own; the schema covers what stands under that key. */
export interface KeyedKind {
  readonly kind: string;
  readonly schema: z.ZodType;
}

export interface CheckWords extends KeyedKind {
  /** What of these settings, as they are written, nothing can ask. */
  notYet?(written: unknown): string | undefined;
}

export interface StepWords extends KeyedKind {
  /** Keys that the kind owns beside its own. */
  readonly siblings?: Readonly<Record<string, z.ZodType>>;
  /** What of these settings, as they are written, is words for people that nothing executes. */
  notYet?(written: unknown): string | undefined;
  /** It is about its run itself, or goes on beside it: no other site can do it. */
  readonly ofItsRun?: boolean;
  readonly meanwhile?: unknown;
}
