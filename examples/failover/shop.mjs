// node shop.mjs SITE PORT SETTINGS: a small shop. It takes orders into the database that its settings name, and looks at them when they change.
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { Pool } from 'pg';

const [site, port, settings] = process.argv.slice(2);
let pool;
let readAt = '';

/** Connections to the database that the settings name now. */
function database() {
  const { mtimeMs, ino } = statSync(settings);
  if (`${mtimeMs} ${ino}` === readAt) return pool;
  const url = /^DATABASE_URL=(.*)$/m.exec(readFileSync(settings, 'utf8'))?.[1];
  void pool?.end().catch(() => {});
  pool = new Pool({ connectionString: url, max: 8, connectionTimeoutMillis: 1000, query_timeout: 2000 });
  pool.on('error', () => {}); // an idle connection died with its server: the next request tells
  readAt = `${mtimeMs} ${ino}`;
  return pool;
}

/** Asks for what a customer needs: that a row can be written now. */
async function health() {
  const { rows } = await database().query(
    `select host(inet_server_addr()) as server, not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as writable`,
  );
  return { status: 200, answer: { site, ...rows[0] } };
}

async function order(id) {
  await database().query('insert into orders (id, site) values ($1, $2)', [id, site]);
  return { status: 201, answer: { id } };
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://shop');
  const work = pathname === '/orders' ? order(searchParams.get('id')) : health();
  const { status, answer } = await work.catch((error) => ({ status: 503, answer: { site, error: error.message } }));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(answer)}\n`);
});
server.listen(Number(port), '127.0.0.1', () => console.log(`the shop in ${site} is open`));
