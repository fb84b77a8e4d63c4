import { join } from 'node:path';
import { LifeboatError, limits, streamProcess, systemClock, type ProcessStream } from '../../../../core/index.ts';
import { stopIfAsked } from '../../../stop.ts';
import { ArchiveReader } from '../archive/archive.ts';
import type { ArchiveContents } from '../archive/archive-format.ts';
import { clientEnvironment } from '../environment.ts';
import { dumpError } from './errors.ts';
import type { ClientPrograms } from '../programs.ts';
import type { Snapshot } from './snapshot.ts';

export interface DumpRequest {
  readonly clients: ClientPrograms;
  readonly url: string;
  readonly database: string;
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal | undefined;
}

/**
 * One run of pg_dump, read as it writes. It is whole only if the program says so and the dump does: `contents` is there after both.
 * Not compressed, because we do that, and equal pieces of two dumps are then equal bytes.
 */
export class Dump {
  contents: ArchiveContents | undefined;
  /** What pg_dump said although it ended well. */
  warnings: string[] = [];
  readonly #request: DumpRequest;

  constructor(request: DumpRequest) {
    this.#request = request;
  }

  async *read(): AsyncGenerator<Uint8Array, void, void> {
    const { clients, url, database, snapshot, signal } = this.#request;
    const dump = await streamProcess(
      [
        join(clients.folder, 'pg_dump'),
        '--format=custom',
        '--compress=0',
        '--quote-all-identifiers',
        '--no-password',
        `--snapshot=${snapshot.id}`,
        `--lock-wait-timeout=${limits.dumpLockWaitMs}`,
      ],
      { env: clientEnvironment(url, database, 'lifeboat pg_dump') },
    );
    // Its output ends with it, which ends the reading below; what `stop` cannot do, it says again there.
    const onAbort = (): void => void dump.stop().catch(() => {});
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      yield* this.#pieces(dump);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await dump.stop();
    }
  }

  async *#pieces(dump: ProcessStream): AsyncGenerator<Uint8Array, void, void> {
    const reader = new ArchiveReader();
    let begun = false;
    for await (const piece of withoutSilence(dump)) {
      // Its first bytes are the table of contents: by then it has read the catalogues and locked every table in this moment.
      if (!begun) await this.#request.snapshot.close();
      begun = true;
      reader.push(piece);
      yield piece;
    }
    const end = await dump.ended;
    stopIfAsked(this.#request.signal, 'the backup');
    if (end.exitCode !== 0) throw dumpError('pg_dump', this.#request.database, end);
    this.contents = reader.end();
    this.warnings = end.stderr.split('\n').filter((line) => line.trim() !== '');
  }
}

/** Throws `asset.vanished` when nothing comes for too long: the network may have died without a word. */
async function* withoutSilence({ output }: ProcessStream): AsyncGenerator<Uint8Array, void, void> {
  const pieces = output[Symbol.asyncIterator]();
  for (;;) {
    const patience = new AbortController();
    const silence = systemClock.sleep(limits.serverSilenceMs, patience.signal).then(
      () => undefined,
      () => undefined, // a piece came in time, so nobody waits for this sleep any more
    );
    const next = await Promise.race([pieces.next(), silence]);
    patience.abort();
    if (next === undefined) {
      throw new LifeboatError('asset.vanished', `pg_dump said nothing for ${limits.serverSilenceMs / 1000} s`, {
        hint: 'Look at what its session waits for in pg_stat_activity of the server.',
      });
    }
    if (next.done === true) return;
    yield next.value;
  }
}
