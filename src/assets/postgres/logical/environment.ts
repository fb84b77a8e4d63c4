import { plainEnvironment } from '../../../core/index.ts';
import { parseServerUrl } from '../link/address.ts';

/** What a URL may say in libpq’s own words, and the variable that says the same to its programs. */
const variables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  options: 'PGOPTIONS',
  sslmode: 'PGSSLMODE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslrootcert: 'PGSSLROOTCERT',
  sslcrl: 'PGSSLCRL',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  krbsrvname: 'PGKRBSRVNAME',
};

/** Where programs and our own driver look for what a URL leaves out. */
const inherited = ['PGUSER', 'PGPASSWORD', 'PGPASSFILE', 'PGSERVICEFILE'];

/**
 * The environment in which PostgreSQL’s programs reach a server. All of it goes this way: on a command line a password is read by
 * everybody on the machine, and a database by the name `a=b` would be taken for connection settings.
 */
export function clientEnvironment(url: string, database: string, application = 'lifeboat'): Record<string, string> {
  const { username, password, hostname, port, searchParams } = parseServerUrl(url);
  const environment: Record<string, string> = {};
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  environment['PGHOST'] = hostname.replace(/^\[(.*)\]$/, '$1');
  if (port !== '') environment['PGPORT'] = port;
  if (username !== '') environment['PGUSER'] = decodeURIComponent(username);
  if (password !== '') environment['PGPASSWORD'] = decodeURIComponent(password);
  for (const [name, variable] of Object.entries(variables)) {
    const value = searchParams.get(name);
    if (value !== null) environment[variable] = value;
  }
  // The words of our own driver for what libpq calls `require`: encrypted, whoever answers.
  if (environment['PGSSLMODE'] === 'no-verify' || searchParams.get('ssl') === 'true')
    environment['PGSSLMODE'] = 'require';
  return plainEnvironment({
    ...environment,
    PGDATABASE: database,
    PGAPPNAME: application,
    PGCONNECT_TIMEOUT: '10',
    // Their messages are read by us, so they are in one language.
    LC_ALL: 'C',
  });
}
