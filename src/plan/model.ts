import type { SecretSource } from '../core/index.ts';
import type * as declared from './declarations.ts';
import type { DrillDeclaration, Scenario } from './procedures-model.ts';

export type * from './declarations.ts';
export type * from './procedures-model.ts';

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
  readonly about: string | undefined;
  /** The version that people gave it: `1.0`. */
  readonly version: string | undefined;
  readonly review: declared.Review;
  readonly goals: readonly string[];
  readonly tool: declared.Tool;
  /** Of the plan as a whole, each with the value that stands for it. */
  readonly parameters: ReadonlyMap<string, declared.Parameter>;
  readonly objectives: Objectives;
  /** What every service of a rank is promised, unless it says otherwise. */
  readonly ranks: ReadonlyMap<string, Objectives>;
  readonly domains: ReadonlyMap<string, Domain>;
  readonly keys: ReadonlyMap<string, KeyDeclaration>;
  readonly stores: ReadonlyMap<string, StoreDeclaration>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly assets: ReadonlyMap<string, AssetDeclaration>;
  /** Assets that are left out on purpose, with the reason. */
  readonly excluded: ReadonlyMap<string, string>;
  readonly exclusions: ReadonlyMap<string, declared.Exclusion>;
  readonly services: ReadonlyMap<string, ServiceDeclaration>;
  readonly clusters: ReadonlyMap<string, declared.Cluster>;
  readonly environments: ReadonlyMap<string, EnvironmentDeclaration>;
  readonly documents: ReadonlyMap<string, declared.DocumentDeclaration>;
  readonly readiness: ReadonlyMap<string, declared.Readiness>;
  readonly windows: ReadonlyMap<string, declared.MaintenanceWindow>;
  readonly contacts: ReadonlyMap<string, declared.Contact>;
  readonly categories: ReadonlyMap<string, declared.Category>;
  readonly severities: ReadonlyMap<string, declared.Severity>;
  /** For severities that have no path of their own. */
  readonly escalate: readonly declared.Rung[];
  readonly incidents: declared.Incidents;
  readonly channels: ReadonlyMap<string, declared.Channel>;
  readonly templates: ReadonlyMap<string, declared.Template>;
  readonly checklists: ReadonlyMap<string, declared.Checklist>;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  readonly drills: ReadonlyMap<string, DrillDeclaration>;
  readonly exercises: ReadonlyMap<string, declared.Exercise>;
  readonly alerts: ReadonlyMap<string, declared.Alert>;
  readonly commands: ReadonlyMap<string, declared.Command>;
  readonly waivers: readonly declared.Waiver[];
}

export interface Objectives {
  readonly rtoMs?: number;
  readonly rpoMs?: number;
  /** The shorter end, where a range is written. */
  readonly rtoFromMs?: number;
  readonly rpoFromMs?: number;
  /** Means over real runs and incidents: statistics, not targets of one run. */
  readonly mttrMs?: number;
  readonly mtbfMs?: number;
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
  readonly shares?: { readonly of: number; readonly needed: number; readonly holders?: readonly string[] };
}

export interface StoreDeclaration {
  readonly name: string;
  readonly type: string;
  readonly domain: string | undefined;
  /** How long stored objects shall stay locked against deletion. */
  readonly lockMs?: number;
  readonly about?: string;
  /** Checked by the store kind's own schema. */
  readonly settings: unknown;
}

export interface Policy {
  readonly name: string;
  /** When points are taken; several calendars add up. */
  readonly every: readonly Calendar[];
  /** Beside the calendars: whenever the asset changes. */
  readonly onChange: boolean;
  /** How long taking a point may last. */
  readonly budgetMs: number | undefined;
  readonly to: readonly string[];
  readonly copy: { readonly to: readonly string[]; readonly withinMs?: number } | undefined;
  /** Age windows and counts as the plan writes them; interpreted by retention. */
  readonly keep: Readonly<Record<string, unknown>> | undefined;
  readonly verify: Readonly<Record<string, unknown>> | undefined;
  readonly stream: Readonly<Record<string, unknown>> | undefined;
  /** The same three, in milliseconds, calendars understood. */
  readonly keeps: Keep;
  readonly verifies: Verification | undefined;
  readonly streams: Streaming | undefined;
}

export interface Keep {
  readonly allMs?: number;
  readonly hourlyMs?: number;
  readonly dailyMs?: number;
  readonly weeklyMs?: number;
  readonly monthlyMs?: number;
  readonly yearlyMs?: number;
  readonly pitrMs?: number;
  readonly atLeast?: number;
  readonly forever?: boolean;
  readonly tiers?: readonly {
    readonly afterMs: number;
    readonly class: string;
    readonly forMs?: number;
    readonly store?: string;
  }[];
}

export interface Verification {
  readonly every?: readonly Calendar[];
  readonly youngerThanMs?: number;
  readonly readEverythingMs?: number;
  readonly asks?: readonly string[];
  readonly document?: string;
}

export interface Streaming {
  readonly to: readonly string[];
  readonly mode?: 'async' | 'sync';
  readonly everyMs?: number;
  readonly optional?: boolean;
}

export interface AssetDeclaration {
  readonly name: string;
  readonly type: string;
  readonly domain: string | undefined;
  readonly policy: string | undefined;
  readonly checks: readonly CheckSpec[];
  readonly rank?: string | undefined;
  readonly objectives?: Objectives;
  readonly about?: string;
  readonly holds?: readonly string[];
  readonly owner?: string;
  readonly artifacts?: ReadonlyMap<string, declared.Artifact>;
  readonly standbys?: ReadonlyMap<string, declared.Standby>;
  readonly documents?: readonly string[];
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
  readonly about?: string;
  readonly domain?: string;
  readonly external?: boolean;
  readonly replicas?: number;
  readonly autoscale?: boolean;
  readonly probes?: readonly string[];
  readonly fallbacks?: readonly string[];
  readonly breaker?: boolean;
  readonly owner?: string;
}

export interface EnvironmentDeclaration {
  readonly name: string;
  readonly protected: boolean;
  /** Made for a run and destroyed after it: a bubble. */
  readonly ephemeral: boolean;
  readonly domain: string | undefined;
  /** The standing environment whose ground a drill borrows. */
  readonly inside?: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly standby?: 'cold' | 'warm' | 'hot';
  readonly services: ReadonlyMap<
    string,
    {
      readonly runs: unknown;
      readonly at: string | undefined;
      /** Where its pointers stand here, if not where they stand elsewhere. */
      readonly pointers?: Readonly<Record<string, unknown>>;
    }
  >;
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
