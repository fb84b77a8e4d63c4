import { Client, type ClientConfig } from 'pg';
import { limits } from '../../../core/index.ts';
import { parseServerUrl } from './address.ts';

/** A connection that is not open yet. The driver decodes only half of a database's name (`a%3Db` stays so): here it is what it is. */
export function makeClient(url: string, extra: ClientConfig = {}): Client {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: limits.connectTimeoutMs, ...extra });
  const name = decodeURIComponent(parseServerUrl(url).pathname.slice(1));
  if (name !== '')
    (client as unknown as { connectionParameters: { database: string } }).connectionParameters.database = name;
  return client;
}
