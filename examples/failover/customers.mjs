// node customers.mjs [SECONDS]: customers who order without a pause, through the proxy. At its end (or at Ctrl-C) it counts what went wrong, and
// looks into the database, found by its name, for every order that was confirmed.
import { Resolver } from 'node:dns/promises';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, readScene } from './database.mjs';

const scene = readScene();
const seconds = Number(process.argv[2] ?? Infinity);
const agent = new Agent({ keepAlive: true });
const confirmed = new Map();
const failures = new Map();
const over = new AbortController();
let failed = 0;

async function customer(name) {
  for (let number = 1; !over.signal.aborted && Date.now() - begunAt < seconds * 1000; number += 1) {
    const why = await order(`${name}-${number}`);
    if (why === undefined) confirmed.set(`${name}-${number}`, Date.now());
    else {
      failed += 1;
      failures.set(why, (failures.get(why) ?? 0) + 1);
    }
    await sleep(20);
  }
}

/** Undefined when it was confirmed, else why not. */
const order = (id) =>
  new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port: scene.proxyPort, method: 'POST', path: `/orders?id=${id}`, agent, timeout: 3000 },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode === 201 ? undefined : `status ${answer.statusCode}`));
        answer.once('error', () => resolve('cut off'));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', (error) => resolve(error.code ?? error.message));
    asked.end();
  });

async function account() {
  const times = [begunAt, ...[...confirmed.values()].sort((a, b) => a - b)];
  const gaps = times.slice(1).map((at, index) => at - times[index]);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${scene.namePort}`]);
  const [address] = await resolver.resolve4('primary.shop.example');
  const url = `postgresql://keeper:${scene.keeper}@${address}:${scene.port}/shop`;
  const there = new Set((await ask(url, 'select id from orders')).map(({ id }) => id));
  const missing = [...confirmed].filter(([id]) => !there.has(id)).map(([, at]) => at);
  return {
    confirmed: confirmed.size,
    failed,
    failures: Object.fromEntries(failures),
    secondsDown: Math.max(0, ...gaps) / 1000,
    confirmedAndLost: missing.length,
    /** The oldest of them was confirmed so long before the last confirmation of the old server. */
    lostMs: missing.length === 0 ? 0 : Math.max(...missing) - Math.min(...missing),
    database: address,
  };
}

const begunAt = Date.now();
process.once('SIGINT', () => over.abort());
process.once('SIGTERM', () => over.abort());
console.log('customers order');

await Promise.all(['a', 'b', 'c', 'd'].map((name) => customer(`${begunAt}-${name}`)));
agent.destroy();
const told = await account();
const { failed: lost, secondsDown, confirmedAndLost } = told;
console.log(
  `${told.confirmed} orders confirmed, ${lost} requests lost, ${secondsDown.toFixed(1)} s down; ${confirmedAndLost} confirmed orders are missing in ${told.database}`,
);
console.log(JSON.stringify(told));
