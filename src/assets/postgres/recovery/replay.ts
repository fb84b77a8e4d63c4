import { LifeboatError, isoTime } from '../../../core/index.ts';
import type { Reached } from '../../asset.ts';
import type { LaterLife, LogEnding, RecoveryTarget, Replay, ReplayedLog, ReplayRange } from '../../log.ts';
import { withConnection } from '../link/connection.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { lsnText } from '../lsn.ts';
import type { LogFetcher } from './fetcher.ts';

export interface ReplayPlan {
  readonly base: string;
  readonly tooNew: readonly string[];
  readonly timeline: number;
  readonly from: bigint;
  /** The end of what was audited. */
  readonly to: bigint;
  readonly bytes: number;
  readonly bytesExpected: number;
  /** All of the way, and as much of it as leads to the target. */
  readonly way: readonly ReplayRange[];
  readonly ranges: readonly ReplayRange[];
  readonly reachableMs: number | undefined;
  readonly endings: readonly LogEnding[];
  readonly later: readonly LaterLife[];
  readonly target: RecoveryTarget;
  /** What the server is told to stop at; without one it replays all there is. */
  readonly stopAt: Readonly<Record<string, string>>;
  /** Where replay must come at least, and may come at most. */
  readonly least: bigint;
  readonly most: bigint | undefined;
}

/** A replay that a copy is started with: where its server gets the log, where it stops, and whether it came there. */
export class PostgresReplay implements Replay {
  readonly plan: ReplayPlan;
  readonly #fetcher: LogFetcher;
  #begun = false;
  #replayed: ReplayedLog | undefined;

  constructor(plan: ReplayPlan, fetcher: LogFetcher) {
    this.plan = plan;
    this.#fetcher = fetcher;
  }

  get base(): string {
    return this.plan.base;
  }

  get tooNew(): readonly string[] {
    return this.plan.tooNew;
  }

  get timeline(): number {
    return this.plan.timeline;
  }

  get from(): string {
    return lsnText(this.plan.from);
  }

  get to(): string {
    return lsnText(this.plan.to);
  }

  get upTo(): string {
    return this.plan.ranges.at(-1)?.to ?? this.from;
  }

  get bytes(): number {
    return this.plan.bytes;
  }

  get bytesExpected(): number {
    return this.plan.bytesExpected;
  }

  get ranges(): readonly ReplayRange[] {
    return this.plan.ranges;
  }

  get reachableMs(): number | undefined {
    return this.plan.reachableMs;
  }

  get end(): LogEnding {
    return { timeline: this.plan.timeline, position: this.plan.to };
  }

  get later(): readonly LaterLife[] {
    return this.plan.later;
  }

  get endings(): readonly LogEnding[] {
    return this.plan.endings;
  }

  async begin(folder: string): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    await this.#fetcher.begin(folder);
  }

  replayed(): ReplayedLog | undefined {
    return this.#replayed;
  }

  close(): Promise<void> {
    return this.#fetcher.close();
  }

  /** The server's settings for this one start; `recovery.signal` makes it look at them. */
  settings(): Record<string, string> {
    return {
      restore_command: this.#fetcher.command,
      recovery_target_timeline: String(this.plan.timeline),
      recovery_target_action: 'promote',
      recovery_target_inclusive: this.plan.target.exclusive === true ? 'off' : 'on',
      ...this.plan.stopAt,
      // With it replay pauses for ever once the log raises max_connections and the like; nobody asks before the end anyway.
      hot_standby: 'off',
    };
  }

  /** When the server last asked for log. */
  get servedMs(): number {
    return this.#fetcher.servedMs;
  }

  get failure(): LifeboatError | undefined {
    return this.#fetcher.failure;
  }

  /** Asks the server how far it came, and compares. A gap looks like the end of the log to it, and it would promote happily. */
  async confirm(url: string): Promise<Reached> {
    const found = await withConnection(url, async (client) => {
      const { rows } = await client.query<{ lsn: string | null; at: string | null; timeline: string | null }>(
        `select pg_last_wal_replay_lsn()::text as lsn,
                floor(extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::text as at,
                substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline`,
      );
      return rows[0];
    });
    if (found?.lsn === undefined || found.lsn === null)
      throw short('the server does not say how far it replayed its log');
    const reached = lsnValue(found.lsn);
    const { least, most, target, timeline } = this.plan;
    const seconds = this.#fetcher.askedForSeconds;
    if (seconds !== undefined) this.#replayed = { bytes: bytesUpTo(this.plan.way, reached), seconds };
    if (reached < least) throw short(`replay stopped at ${found.lsn}, and ${lsnText(least)} was due`);
    if (most !== undefined && reached > most) throw short(`replay went on to ${found.lsn}, beyond ${lsnText(most)}`);
    const atMs = found.at === null ? undefined : Number(found.at);
    if (target.kind === 'time' && atMs !== undefined && atMs > target.atMs) {
      throw short(`replay went on to ${isoTime(atMs)}, beyond ${isoTime(target.atMs)}`);
    }
    const own = Number.parseInt(found.timeline ?? '0', 16);
    if (own <= timeline) throw short(`the copy is on timeline ${own}, and one after ${timeline} was due`);
    return { lsn: found.lsn, timeline: own, ...(atMs === undefined ? {} : { time: isoTime(atMs) }) };
  }
}

/** Along the way; positions go on from one timeline to the next. */
export const bytesUpTo = (ranges: readonly Pick<ReplayRange, 'from' | 'to'>[], end: bigint): number =>
  ranges.reduce((sum, { from, to }) => {
    const [first, last] = [lsnValue(from), lsnValue(to)];
    return sum + Math.max(0, Number((end < last ? end : last) - first));
  }, 0);

const short = (message: string): LifeboatError =>
  new LifeboatError('asset.start_failed', message, {
    hint: 'The copy is not what was asked for, and is not handed over. Verify the store: lifeboat verify --all.',
  });
