import { join } from 'node:path';
import { ownProgram, plainEnvironment, startService, type Service } from '../core/index.ts';

export interface Writer {
  readonly asset: string;
  readonly ledger: string;
  stop(): Promise<void>;
}

/** Milliseconds between two writes of each kind: steady, and quick enough that a lost second shows. */
const pauseMs = { orders: 5, catalog: 40, uploads: 100 } as const;

export type WriterKind = keyof typeof pauseMs;

/**
 * Starts the customers of one asset: a process of its own, so that its account of what was acknowledged survives us all. `slower`: by this factor, for a
 * shop that is open for hours.
 */
export async function startWriter(
  kind: WriterKind,
  target: string,
  folder: string,
  start: number,
  slower = 1,
): Promise<Writer> {
  const ledger = join(folder, `${kind}.ledger`);
  const service: Service = await startService(
    [...ownProgram('./writer', import.meta.url), kind, ledger, String(start), String(slower * pauseMs[kind])],
    { env: plainEnvironment({ DEMO_TARGET: target }) },
  );
  return { asset: kind, ledger, stop: () => service.stop() };
}
