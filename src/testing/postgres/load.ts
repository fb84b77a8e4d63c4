import { Client } from 'pg';
import { systemClock } from '../../core/index.ts';

/** Writers that insert numbered rows, each in its own transaction, and remember when the server acknowledged which. */
export interface Load {
  /** Ends the writers; the acknowledged rows with the server's clock after the acknowledgement, in milliseconds. */
  stop(): Promise<{ id: number; acknowledgedMs: number }[]>;
}

export async function startLoad(url: string, writers = 2, restMs = 0): Promise<Load> {
  const clients = await Promise.all(
    Array.from({ length: writers }, async () => {
      const client = new Client({ connectionString: url });
      // A test may kill the server under the writers.
      client.on('error', () => {});
      await client.connect();
      return client;
    }),
  );
  await clients[0]?.query('create table if not exists load (id serial primary key, filler text)');
  const acknowledged: { id: number; acknowledgedMs: number }[] = [];
  const ended = new AbortController();
  const write = async (client: Client): Promise<void> => {
    while (!ended.signal.aborted) {
      const { rows } = await client.query<{ id: number }>(
        `insert into load (filler) values (repeat('x', 500)) returning id`,
      );
      const clock = await client.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
      acknowledged.push({ id: rows[0]?.id as number, acknowledgedMs: Number(clock.rows[0]?.at) });
      if (restMs > 0) await systemClock.sleep(restMs);
    }
  };
  const running = clients.map((client) => write(client).catch(() => {})); // the server was killed: what was acknowledged stays so
  return {
    stop: async () => {
      ended.abort();
      await Promise.all(running);
      await Promise.all(clients.map((client) => client.end()));
      return acknowledged;
    },
  };
}
