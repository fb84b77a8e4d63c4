import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FollowEnd, Promotion, Replay, StandbyKeeping, StandbyNote, StandbyState } from '../../assets/index.ts';
import { isLifeboatError, LifeboatError, systemClock, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import { chooseReplay } from '../restore/choose-replay.ts';
import type { Workspace } from '../contract.ts';
import { preflight, restoredBytes } from '../restore/preflight.ts';
import { openOrder, type PromotionOrder } from './promotion-order.ts';
import { removeStaging, stagingOf } from '../restore/staging.ts';
import { everyMsOf } from '../streaming/stream.ts';
import { leaveState, standbyStateFile } from '../streaming/stream-state.ts';

export interface StandbyRequest {
  readonly asset: string;
  /** A folder that does not exist yet, or the standby that an earlier call made. */
  readonly target: string;
  readonly store?: string;
  readonly port?: number;
  /** It shall take the source's place as soon as it has all that is in the store. */
  readonly order?: PromotionOrder;
  say(line: StandbyLine): void;
  readonly signal: AbortSignal;
}

/** One line of state: what a standby does. */
export type StandbyLine = { readonly asset: string; readonly at: number; readonly target: string } & Said;

type Said = { readonly store?: string } & (
  | StandbyState
  | { readonly state: 'seeding'; readonly reason: string }
  | { readonly state: 'ended' }
  | ({ readonly state: 'promoted' } & Promotion)
);

const retryMs = 10_000;

/** Made anew so often without ever following is no matter of patience. */
const seedsMax = 3;

/**
 * Keeps a warm standby of an asset in a folder, fed from a store alone, until it is stopped or promoted. Makes it from the newest point if it is not
 * there; makes it anew when the log that it needs is gone or the source went on from before. Resolves with the promotion if there was one.
 * Throws `operation.busy` when another process keeps it, and the errors of a restore.
 */
export async function standby(workspace: Workspace, request: StandbyRequest): Promise<Promotion | undefined> {
  const { journal, stateFolder, clock } = workspace;
  const target = resolve(request.target);
  const keeping = standbyOf(workspace, request.asset);
  const lock = holdLock(join(stateFolder, 'locks', `standby-${request.asset}`), `standby of ${request.asset}`);
  const say = (line: Said): void => {
    const said: StandbyLine = { asset: request.asset, at: clock.now(), target, ...line };
    leaveState(standbyStateFile(stateFolder, request.asset), said);
    request.say(said);
  };
  const intent = journal.append('standby.started', { asset: request.asset, target });
  const standing = new Standby(workspace, { ...request, target }, keeping, say);
  try {
    const promotion = await standing.run();
    journal.append('standby.finished', {
      intent: intent.sequence,
      asset: request.asset,
      target,
      promotion: promotion ?? null,
    });
    say(promotion === undefined ? { state: 'ended' } : { ...promotion, state: 'promoted' });
    return promotion;
  } catch (error) {
    journal.append('standby.failed', {
      intent: intent.sequence,
      asset: request.asset,
      error: toLifeboatError(error).toJSON(),
    });
    throw error;
  } finally {
    lock.release();
  }
}

/** Throws `asset.unsupported`. */
export function standbyOf(workspace: Workspace, asset: string): StandbyKeeping {
  const { standby: keeping } = workspace.asset(asset);
  if (keeping !== undefined) return keeping;
  throw new LifeboatError('asset.unsupported', `${asset} has no log that a standby could follow`, {
    hint: 'Only PostgreSQL assets that are read physically have one.',
  });
}

class Standby {
  readonly #workspace: Workspace;
  readonly #request: StandbyRequest;
  readonly #keeping: StandbyKeeping;
  readonly #say: (line: Said) => void;
  readonly #order: ReturnType<typeof openOrder>;
  #seeds = 0;

  constructor(workspace: Workspace, request: StandbyRequest, keeping: StandbyKeeping, say: (line: Said) => void) {
    this.#workspace = workspace;
    this.#request = request;
    this.#keeping = keeping;
    this.#say = say;
    this.#order = openOrder(workspace, request.asset);
  }

  async run(): Promise<Promotion | undefined> {
    const { target, asset, signal } = this.#request;
    let note = await this.#keeping.noteOf(target);
    if (note !== undefined && note.asset !== asset) throw foreign(target, note);
    note ??= await this.#seed('there is none yet');
    while (!signal.aborted) {
      const end = await this.#follow(note);
      if (end.end === 'stopped') return undefined;
      if (end.end === 'promoted') {
        await this.#keeping.release(target);
        return end.promotion;
      }
      note = await this.#seedAgain(end.reason);
    }
    return undefined;
  }

  async #follow(note: StandbyNote): Promise<FollowEnd> {
    const { target, port, signal, asset } = this.#request;
    const order = this.#order;
    const repository = await this.#workspace.repository(note.store);
    const isFile = this.#workspace.plan.stores.get(note.store)?.type === 'fs';
    const end = await this.#keeping.follow(target, {
      log: repository.log(asset, note.source),
      note,
      everyMs: isFile ? everyMsOf.file : everyMsOf.object,
      say: (state) => {
        if (state.state === 'following') this.#seeds = 0;
        this.#say({ ...state, store: note.store });
      },
      ordered: () => this.#request.order !== undefined || order.isGiven(),
      signal,
      ...(port === undefined ? {} : { port }),
    });
    if (end.end === 'promoted') order.done(end.promotion);
    return end;
  }

  /** The old folder stays until the new one is whole; where there is no room for both it goes first. */
  async #seedAgain(reason: string): Promise<StandbyNote> {
    const { target, signal } = this.#request;
    for (;;) {
      this.#seeds += 1;
      if (this.#seeds > seedsMax) {
        throw new LifeboatError(
          'asset.start_failed',
          `the standby was made ${seedsMax} times, and cannot follow: ${reason}`,
          {
            where: target,
            hint: 'Its log file (lifeboat.log in the folder) says why. Take a new point: lifeboat backup',
          },
        );
      }
      try {
        return await this.#seed(reason);
      } catch (error) {
        const failure = toLifeboatError(error);
        if (isLifeboatError(error, 'restore.no_room')) {
          await this.#keeping.stop(target);
          await rm(target, { recursive: true, force: true });
          continue;
        }
        if (failure.retry === 'no' || signal.aborted) throw failure;
        this.#say({ state: 'waiting', reason: `it cannot be made anew yet: ${failure.message}` });
        await systemClock.sleep(retryMs, signal);
      }
    }
  }

  /** From the newest point that the log in a store leads from, beside the target, and there by one rename. */
  async #seed(reason: string): Promise<StandbyNote> {
    const { journal, clock } = this.#workspace;
    const { target, asset: name, signal, store: wanted } = this.#request;
    const request = {
      asset: name,
      target,
      start: false,
      stay: false,
      signal,
      ...(wanted === undefined ? {} : { store: wanted }),
    };
    const asset = this.#workspace.asset(name);
    const { replay, store, source } = await this.#chooseReplay(request);
    const { base } = replay;
    this.#say({ state: 'seeding', reason: `${reason}; it begins as the point ${base}`, store });
    const repository = await this.#workspace.repository(store);
    const point = await repository.point(base);
    const staging = stagingOf(target, clock);
    const replaces = (await this.#keeping.noteOf(target)) !== undefined;
    const doubt = await preflight(asset, replaces ? staging : target, restoredBytes(asset, point, replay));
    if (doubt !== undefined) this.#workspace.progress.note(doubt);
    await removeLeft(this.#workspace, target);
    const intent = journal.append('standby.seeding', { asset: name, point: base, store, target, staging, reason });
    const outcome = { intent: intent.sequence, asset: name, point: base, store, target };
    const note: StandbyNote = { asset: name, store, point: base, facts: point.facts.facts, source };
    try {
      const { progress } = this.#workspace;
      await asset.apply(await repository.contents(point, { signal, progress }), staging, { progress, signal });
      await this.#keeping.prepare(staging, note);
      if (replaces) {
        await this.#keeping.stop(target);
        await rm(target, { recursive: true, force: true });
      }
      await rename(staging, target);
      journal.append('standby.seeded', outcome);
      return note;
    } catch (error) {
      await removeStaging(staging);
      journal.append('standby.seed_failed', { ...outcome, error: toLifeboatError(error).toJSON() });
      throw error;
    }
  }

  /** Where it begins, and how much log is behind that so far. */
  async #chooseReplay(
    request: Parameters<typeof chooseReplay>[1],
  ): Promise<{ replay: Replay; store: string; source: string }> {
    const keeping = this.#workspace.asset(request.asset).log;
    const chosen = await chooseReplay(this.#workspace, request);
    if (chosen === undefined || keeping === undefined) {
      throw new LifeboatError(
        'log.gap',
        `no store has log of ${request.asset} behind a point: there is nothing to follow`,
        {
          hint: `Keep the log: lifeboat stream ${request.asset}`,
        },
      );
    }
    const { replay, store } = chosen;
    await replay.close();
    const point = await (await this.#workspace.repository(store)).point(replay.base);
    return { replay, store, source: keeping.baseOf(point.facts.facts)?.source ?? '' };
  }
}

/** What killed ones left beside the target. The caller holds the lock of the standby, so none of them is alive. */
async function removeLeft({ journal }: Workspace, target: string): Promise<void> {
  const ended = new Set(
    journal
      .records({ kinds: ['standby.seeded', 'standby.seed_failed'], own: true })
      .map(({ data }) => Number(data['intent'])),
  );
  for (const { sequence, data } of journal.records({ kinds: ['standby.seeding'], own: true })) {
    if (data['target'] === target && !ended.has(sequence)) await removeStaging(String(data['staging']));
  }
}

const foreign = (target: string, note: StandbyNote): LifeboatError =>
  new LifeboatError('asset.foreign', `${target} is a standby of ${note.asset}`, {
    where: target,
    hint: 'Name another folder.',
  });
