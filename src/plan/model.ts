import type { SecretSource } from '../core/index.ts';

/** A plan after loading: names resolved, words turned into numbers, every place known. Plain values; holds no secret. */
export interface Plan {
  readonly name: string;
  readonly file: string;
  /** The folder that relative paths in the plan are relative to. */
  readonly folder: string;
  /** SHA-256 of the canonical content: reformatting does not change it. */
  readonly hash: string;
  readonly timezone: string;
  readonly owner: string | undefined;
  readonly objectives: Objectives;
  readonly domains: ReadonlyMap<string, Domain>;
  readonly keys: ReadonlyMap<string, KeyDeclaration>;
  readonly stores: ReadonlyMap<string, StoreDeclaration>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly assets: ReadonlyMap<string, AssetDeclaration>;
  /** Assets that are left out on purpose, with the reason. */
  readonly excluded: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, ServiceDeclaration>;
  readonly environments: ReadonlyMap<string, EnvironmentDeclaration>;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  readonly drills: ReadonlyMap<string, DrillDeclaration>;
  /** Contacts, severities, channels, templates: checked by the schema, kept as written until the rooms that use them exist. */
  readonly people: Readonly<Record<string, unknown>>;
}

export interface Objectives {
  readonly rtoMs?: number;
  readonly rpoMs?: number;
}

export interface Domain {
  readonly name: string;
  readonly parent: string | undefined;
}

export interface KeyDeclaration {
  readonly name: string;
  readonly domain: string | undefined;
  readonly passphrase?: SecretSource;
  /** age X25519 recipients (`age1…`) that can open the repository. */
  readonly recipients: readonly string[];
  /** Where this machine finds an age identity (`AGE-SECRET-KEY-1…`), if it is allowed to read. */
  readonly identity?: SecretSource;
}

export interface StoreDeclaration {
  readonly name: string;
  readonly type: string;
  readonly domain: string | undefined;
  /** How long stored objects shall stay locked against deletion. */
  readonly lockMs?: number;
  /** Checked by the store kind's own schema. */
  readonly settings: unknown;
}

export interface Policy {
  readonly name: string;
  /** When points are taken; several calendars add up. */
  readonly every: readonly Calendar[];
  readonly to: readonly string[];
  readonly copy: { readonly to: readonly string[]; readonly withinMs?: number } | undefined;
  /** Age windows and counts as the plan writes them; interpreted by retention. */
  readonly keep: Readonly<Record<string, unknown>> | undefined;
  readonly verify: Readonly<Record<string, unknown>> | undefined;
  readonly stream: Readonly<Record<string, unknown>> | undefined;
}

export interface AssetDeclaration {
  readonly name: string;
  readonly type: string;
  readonly domain: string | undefined;
  readonly policy: string | undefined;
  readonly checks: readonly CheckSpec[];
  /** Checked by the asset kind's own schema. */
  readonly settings: unknown;
}

/**
 * One typed assertion, as the plan writes it: `{ sql: …, expect: value > 0 }`, `{ http: /health, expect: status == 200 }`.
 * The same check serves readiness, backup verification, step verification and drill criteria.
 */
export interface CheckSpec {
  /** `sql`, `http`, `tcp`, `file`, `command`. */
  readonly kind: string;
  /** A name for people; without one the check describes itself. */
  readonly name?: string;
  readonly settings: unknown;
  /** CEL over what the check observed (`value`, `status`, …); without one the kind's own idea of green. */
  readonly expect?: string;
  /** One answer may take so long; default `limits.checkTimeoutMs`. */
  readonly timeoutMs?: number;
}

export interface ServiceDeclaration {
  readonly name: string;
  readonly rank: string | undefined;
  readonly needs: readonly string[];
  readonly objectives: Objectives;
  readonly pointers: Readonly<Record<string, unknown>>;
  readonly health: readonly CheckSpec[];
}

export interface EnvironmentDeclaration {
  readonly name: string;
  readonly protected: boolean;
  /** Made for a run and destroyed after it: a bubble. */
  readonly ephemeral: boolean;
  readonly domain: string | undefined;
  readonly services: ReadonlyMap<string, { readonly runs: unknown; readonly at: string | undefined }>;
}

export interface Scenario {
  readonly name: string;
  readonly trigger: string | undefined;
  readonly loses: { readonly assets: readonly string[]; readonly domains: readonly string[] };
  readonly severity: string | undefined;
  readonly objectives: Objectives;
  readonly steps: readonly StepDeclaration[];
  /** Of everything a run of this scenario depends on: its steps, assets, services, checks. */
  readonly hash: string;
}

export interface StepDeclaration {
  /** An identifier, unique in its scenario; made from kind and position when the plan gives none. */
  readonly id: string;
  /** The one key that says what the step does: `restore`, `check`, `exec`, `parallel`, … */
  readonly kind: string;
  /** What stands under that key; checked by the kind's schema. May hold `${…}`. */
  readonly settings: unknown;
  /** What stands beside it under the keys that the kind owns (`at`, `into` of `restore`). May hold `${…}`. */
  readonly siblings: Readonly<Record<string, unknown>>;
  /** Names of earlier steps; undefined: the one before. */
  readonly needs: readonly string[] | undefined;
  /** A `${…}` that decides whether the step runs. */
  readonly if: string | undefined;
  readonly budgetMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: { readonly times: number; readonly pauseMs: number };
  /** The steps inside a `parallel`. */
  readonly steps: readonly StepDeclaration[];
  readonly place: Place;
}

export interface DrillDeclaration {
  readonly name: string;
  /** A scenario to rehearse, or a restore of one asset (`random`: any). Exactly one of both. */
  readonly scenario: string | undefined;
  readonly restore: string | undefined;
  readonly every: readonly Calendar[];
  readonly in: string;
  readonly expect: DrillCriteria;
}

export interface DrillCriteria {
  readonly rtoMs?: number;
  readonly rpoMs?: number;
  /** At most so many acknowledged things may be lost. */
  readonly lost?: number;
  readonly health?: boolean;
}

/** A calendar word of the plan, understood: `every 6h`, `1d at 02:00`, `first saturday at 10:00`, a cron line. */
export interface Calendar {
  readonly text: string;
  readonly timezone: string;
  /** The first moment after `afterMs` (milliseconds since 1970), or undefined if there is none any more. */
  next(afterMs: number): number | undefined;
}

/** Where something stands in a file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `scenarios.orders_corrupted.steps[1].restore` */
  readonly path: string;
}

/** What `check` reports: the same shape for schema errors and, later, findings of the linter. */
export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly file: string;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | undefined;
  /** The page that explains the rule, for findings of the linter: `docs/rules/time.rpo.md`. */
  readonly page?: string;
}
