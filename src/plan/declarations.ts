import type { SecretSource } from '../core/index.ts';
import type { Calendar, CheckSpec, Objectives } from './model.ts';

/** What a plan declares about people, papers, alerts and the ground it stands on. Durations are milliseconds, names end with their unit. */

/** From the shorter to the longer; both the same where one duration is written. */
export interface DurationRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Review {
  /** Days, `2026-10-01`. */
  readonly last?: string;
  readonly next?: string;
  readonly every?: readonly Calendar[];
  readonly by?: readonly string[];
}

export interface Contact {
  readonly role?: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly page?: string;
  readonly chat?: string;
  readonly backup?: string;
  readonly domain?: string;
  readonly duties?: readonly string[];
  readonly external?: {
    readonly vendor?: string;
    readonly account?: string;
    readonly contract?: string;
    readonly url?: string;
    readonly priority?: string;
  };
}

export interface Rung {
  readonly role: string;
  readonly afterMs: number;
}

export interface Severity {
  readonly means?: string;
  readonly examples?: readonly string[];
  readonly respondMs?: number;
  readonly notify?: readonly string[];
  readonly tell?: readonly string[];
  readonly escalate?: readonly Rung[];
  readonly updatesMs?: number;
  readonly actions?: readonly string[];
}

export interface Category {
  readonly means?: string;
  readonly severity?: string;
  readonly examples?: readonly string[];
  readonly objectives: Objectives;
  readonly expected?: DurationRange;
  readonly scenarios?: readonly string[];
  readonly answers?: readonly string[];
}

export interface Channel {
  readonly type: string;
  readonly else?: string;
  readonly domain?: string;
  /** Contacts. */
  readonly to?: readonly string[];
  readonly [setting: string]: unknown;
}

export interface Template {
  readonly subject?: string;
  readonly body: string;
}

export interface Incidents {
  readonly statusPage?: {
    readonly url?: string;
    readonly domain?: string;
    readonly updatesMs?: number;
    readonly template?: string;
  };
  readonly states?: readonly { readonly state: string; readonly means?: string }[];
  readonly log?: { readonly format?: string; readonly entries?: readonly string[]; readonly decisions?: boolean };
  readonly report?: string;
  readonly review?: {
    readonly withinMs?: number;
    readonly with?: readonly string[];
    readonly agenda?: readonly string[];
    readonly publish?: boolean;
  };
  readonly followUps?: readonly string[];
}

export interface Checklist {
  readonly when: 'before' | 'during' | 'after' | undefined;
  readonly items: readonly ChecklistItem[];
}

export interface ChecklistItem {
  readonly do: string;
  readonly by?: readonly string[];
  readonly everyMs?: number;
  readonly withinMs?: number;
  readonly uses?: readonly string[];
}

/** Something written that recovery leans on: a script, runbook, manifest, module; where it lives, and with what it is lost. */
export interface DocumentDeclaration {
  readonly kind?: string;
  readonly paths: readonly string[];
  readonly url?: string;
  readonly host?: string;
  readonly domain?: string;
  readonly about?: string;
  readonly owner?: string;
}

export interface Alert {
  readonly kind: 'failure' | 'freshness' | 'size' | 'health';
  readonly watch?: {
    readonly asset?: string;
    readonly store?: string;
    readonly service?: string;
    readonly policy?: string;
    /** A drill, or `any`. */
    readonly drill?: string;
  };
  readonly olderThanMs?: number;
  /** 0.5 is half. */
  readonly changesBy?: number;
  readonly overMs?: number;
  readonly forMs?: number;
  readonly priority?: 'critical' | 'warning' | 'info';
  readonly metric?: string;
  readonly query?: string;
  readonly says?: string;
  readonly notify?: readonly string[];
}

export interface Exercise {
  readonly kind: string;
  readonly about?: string;
  readonly every?: readonly Calendar[];
  readonly budget?: DurationRange;
  readonly in?: string;
  readonly scenario?: string;
  readonly of?: readonly string[];
  readonly by?: readonly string[];
  readonly pick?: 'all' | 'random';
  readonly stages?: readonly Stage[];
  readonly success?: readonly string[];
}

export interface Stage {
  readonly name: string;
  readonly budgetMs?: number;
}

export interface Command {
  readonly about?: string;
  readonly command: string;
  readonly changes?: boolean;
  readonly uses?: readonly string[];
}

export interface Cluster {
  readonly kind?: string;
  readonly domain?: string;
  readonly context?: string;
  readonly region?: string;
  readonly zones?: 'one' | 'several';
  readonly ingress?: string;
  readonly namespaces?: readonly string[];
  readonly standby?: 'cold' | 'warm' | 'hot';
  readonly madeFrom?: readonly string[];
}

export interface Readiness {
  readonly must: string;
  readonly of?: readonly string[];
  readonly checks: readonly CheckSpec[];
  readonly owner?: string;
}

export interface MaintenanceWindow {
  readonly every?: readonly Calendar[];
  readonly forMs?: number;
  readonly about?: string;
}

/** Where this program itself runs, and what it needs to let people in. */
export interface Tool {
  readonly domain?: string;
  readonly host?: string;
  readonly signIn?: { readonly with?: string; readonly domain?: string };
  readonly engine?: EngineDeclaration;
  /** A dead man's switch: asked while the scheduler is well. */
  readonly heartbeat?: { readonly url: string | SecretSource; readonly everyMs?: number };
  /** Channels that `serve` tells of alarms. */
  readonly alarms?: {
    readonly critical?: readonly string[];
    readonly warning?: readonly string[];
    readonly remindMs?: number;
  };
}

/** A server that keeps runs going across machines; addresses are `http://host:port`, one for each of its nodes. */
export interface EngineDeclaration {
  readonly type: 'restate';
  readonly at: string | readonly string[];
  readonly admin: string | readonly string[];
  /** The domain whose worker leads the runs and holds their records. */
  readonly site: string;
  readonly signedBy?: readonly string[];
}

/** A finding that people have accepted, and until when. */
export interface Waiver {
  readonly rule: string;
  readonly at?: string;
  readonly why: string;
  readonly by?: string;
  /** A day: from then on it no longer counts. */
  readonly until?: string;
}

/** A value that a plan or a scenario takes from outside. */
export interface Parameter {
  readonly type: 'text' | 'number' | 'boolean' | 'duration';
  readonly about?: string;
  readonly default?: string | number | boolean;
  readonly oneOf?: readonly (string | number)[];
  /** For parameters of the plan: what stands for them. */
  readonly value?: string | number | boolean;
}

/** One kind of file (or snapshot) that copies of an asset are kept in today, and how it is made. */
export interface Artifact {
  /** The name, with the pattern of its date. */
  readonly file?: string;
  readonly format?: string;
  readonly compressed?: 'gzip' | 'zstd' | 'none';
  readonly encrypted?: boolean | string;
  readonly secrets?: 'plain' | 'sealed' | 'none';
  readonly method?: string;
  readonly live?: boolean;
  readonly every?: readonly Calendar[];
  readonly optional?: boolean;
  readonly store?: string;
  readonly prefix?: string;
  readonly folder?: string;
  readonly keepMs?: number;
  readonly document?: string;
  readonly command?: string;
  readonly inputs?: readonly string[];
  readonly covers?: readonly string[];
}

export interface Standby {
  readonly name?: string;
  readonly domain?: string;
  readonly lagMs?: number;
  readonly url?: string | SecretSource;
  /** Where `lifeboat standby` keeps it, fed from a store. */
  readonly folder?: string;
  readonly about?: string;
}

/** An asset that is left out on purpose. */
export interface Exclusion {
  readonly reason: string;
  readonly domain?: string;
  readonly provider?: string;
  readonly objectives: Objectives;
  readonly holds?: readonly string[];
}

/** What a step needs or makes beyond what the plan declares: `namespace:shop`. */
export interface Thing {
  readonly kind: string;
  readonly name: string;
}
