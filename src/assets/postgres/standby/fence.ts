import { inTime, LifeboatError, messageOf, systemClock, toLifeboatError } from '../../../core/index.ts';
import type { FenceAnswer } from '../../standby.ts';
import { withConnection } from '../link/connection.ts';
import { standbyName } from './standby-server.ts';

/** A server that does not answer in this time does not answer. */
const answerMs = 10_000;

/**
 * Whether the source still takes writes. That it cannot be reached from here proves nothing: others may reach it. Only a server of the same
 * cluster that says that it is in recovery is proven not to, and a standby of ours is another one than the source. Never throws but on a stop on request.
 */
export async function askFence(
  url: () => Promise<string>,
  systemId: string,
  signal?: AbortSignal,
): Promise<FenceAnswer> {
  const late = (): LifeboatError => new LifeboatError('asset.unreachable', `no answer in ${answerMs / 1000} s`);
  const asked = async (): Promise<FenceAnswer> => ask(await url(), systemId);
  try {
    return await inTime(asked(), { clock: systemClock, ms: answerMs, late });
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message } = toLifeboatError(error);
    // Who refuses us runs, and may well take the writes of others.
    if (code === 'asset.denied')
      return { source: 'writable', what: `a server answers, and does not let us in: ${message}` };
    return { source: 'unknown', what: `the source does not answer from here: ${messageOf(error)}` };
  }
}

const ask = (url: string, systemId: string): Promise<FenceAnswer> =>
  withConnection(url, async (client) => {
    const { rows } = await client.query<{ system: string; recovering: boolean; name: string }>(
      `select system_identifier::text as system, pg_is_in_recovery() as recovering, current_setting('cluster_name') as name
         from pg_control_system()`,
    );
    const { system = '', recovering = false, name = '' } = rows[0] ?? {};
    if (system !== systemId)
      return { source: 'unknown', what: `another cluster answers at the address of the source (${system})` };
    // An address that was moved there already, or a port that the source left free.
    if (recovering && name === standbyName)
      return { source: 'unknown', what: 'a standby of Lifeboat answers at the address of the source' };
    if (recovering)
      return {
        source: 'read-only',
        what: 'the server at the address of the source is in recovery and takes no writes',
      };
    return { source: 'writable', what: 'the source answers and takes writes' };
  });
