import type { KeyBundle } from '../keys/keys.ts';
import type { BuiltPack } from '../write/pack-builder.ts';
import type { KnownIds } from './known-ids.ts';
import type { Finding } from '../../assets/index.ts';
import type { FileRange, PieceAt, SealedRange } from '../write/sealer.ts';
import type { Reply, Request } from './messages.ts';
import type { Pool } from './pool.ts';
import type { Thread } from './thread.ts';

let lastSession = 0;

/** The chunks of one backup, sealed by threads into packs of their own. */
export class SealSession {
  readonly #pool: Pool;
  readonly #known: KnownIds;
  readonly #store: (pack: BuiltPack, recycle: () => void) => void;
  readonly #session: number;
  #failed: unknown;
  #ended = false;
  #claimed = 0;

  /** `store` is called once for each complete pack; its memory goes back by `recycle`. */
  constructor(pool: Pool, bundle: KeyBundle, known: KnownIds, store: (pack: BuiltPack, recycle: () => void) => void) {
    this.#pool = pool;
    this.#known = known;
    this.#store = store;
    this.#session = lastSession += 1;
    this.#tellAll({ do: 'start', session: this.#session, bundle, ids: known.place }).catch(this.#fail);
  }

  /**
   * Hashes the bytes and, if nobody has brought them yet, seals them into a pack. They lie in shared memory, or in memory of their own,
   * which the thread takes.
   */
  async seal(
    plain: Uint8Array,
    inspector?: string,
    at?: PieceAt,
  ): Promise<{ id: Buffer; findings: readonly Finding[] }> {
    this.#requireWell();
    const inspected = inspector === undefined || at === undefined ? {} : { inspector, at };
    const request = { do: 'seal', session: this.#session, plain, ...inspected } as const;
    const given = plain.buffer instanceof ArrayBuffer ? [plain.buffer] : [];
    const reply = await this.#pool.run(request, given, (done, thread) => this.#takePack(done, thread));
    const fresh = reply.fresh === true;
    if (fresh) this.#count(1);
    return { id: Buffer.from(reply.id as Uint8Array), findings: reply.findings ?? [] };
  }

  /** As `seal`, for a stretch of a file that the thread reads itself. */
  async sealRange(range: FileRange, inspector: string | undefined): Promise<Omit<SealedRange, 'pack'>> {
    this.#requireWell();
    const request = {
      do: 'sealRange',
      session: this.#session,
      range,
      ...(inspector === undefined ? {} : { inspector }),
    };
    const reply = await this.#pool.run(request as Request, [], (done, thread) => this.#takePack(done, thread));
    const sealed = reply.range as SealedRange;
    this.#count(sealed.fresh);
    return sealed;
  }

  /** True for the one caller who brings the id: for chunks that no thread seals. They fill the table of all threads, too. */
  claim(id: Uint8Array): boolean {
    const fresh = this.#known.claim(id);
    if (fresh) this.#count(1);
    return fresh;
  }

  /** Completes the packs that the threads have begun; all were handed to `store` then. */
  async finish(): Promise<void> {
    this.#requireWell();
    const { threads } = this.#pool;
    await Promise.all(
      threads.map(async (thread) => {
        this.#takePack(await thread.ask({ do: 'finish', session: this.#session }), thread);
      }),
    );
    this.end();
  }

  /** Threads forget the session. */
  end(): void {
    this.#ended = true;
    this.#tellAll({ do: 'end', session: this.#session }).catch(this.#fail);
  }

  #takePack({ pack }: Reply, thread: Thread): void {
    if (pack === undefined) return;
    const { memory } = pack;
    this.#store(pack, () => {
      // A thread that is lost needs no memory.
      thread.ask({ do: 'recycle', session: this.#session, memory }, [memory]).catch(() => {});
    });
  }

  #count(fresh: number): void {
    this.#claimed += fresh;
    if (this.#claimed < this.#known.room) return;
    this.#claimed = 0;
    this.#grow().catch(this.#fail);
  }

  /** What was claimed goes to disk only when no thread claims beside it any more. */
  async #grow(): Promise<void> {
    const full = this.#known.grow();
    await this.#follow();
    if (this.#ended) return;
    const allFollow = this.#known.store(full);
    if (allFollow === undefined) return;
    await this.#follow();
    allFollow();
  }

  #follow(): Promise<void> {
    return this.#tellAll({ do: 'follow', session: this.#session, ids: this.#known.place });
  }

  async #tellAll(request: Parameters<Thread['ask']>[0]): Promise<void> {
    await Promise.all(this.#pool.threads.map((thread) => thread.ask(request)));
  }

  #requireWell(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  readonly #fail = (error: unknown): void => void (this.#failed ??= error);
}
