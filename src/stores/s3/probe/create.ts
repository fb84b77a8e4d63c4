import { chance, isoTime, LifeboatError } from '../../../core/index.ts';
import type { StoreFact } from '../../store.ts';
import type { Client } from '../transport/client.ts';
import { removeScratch } from './scratch.ts';

/** Enough to meet each other at the server each round; rounds enough that luck does not win them all. */
const writers = 8;
const rounds = 6;

/** The driver's own object that holds what was found out: it lies in the bucket, so that every machine knows it. */
const verdictOf = (prefix: string): string => `${prefix}tmp/verdict`;

/** Whether creation was proven to be atomic here. Throws what says that the bucket cannot be read. */
export async function provenCreate(client: Client, prefix: string): Promise<boolean> {
  try {
    const { body } = await client.send({ method: 'GET', key: verdictOf(prefix) });
    return (JSON.parse(body.toString()) as { atomicCreate?: unknown }).atomicCreate === true;
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'store.missing') return false;
    if (error instanceof SyntaxError) return false; // not ours, or cut: unknown is never yes
    throw error;
  }
}

/** Lets several writers create the same names at once, and leaves the verdict in the bucket. */
export async function proveCreate(client: Client, prefix: string): Promise<StoreFact> {
  const verdict = await race(client, `${prefix}tmp/race-${chance(10)}`);
  const atomicCreate = verdict === undefined;
  const content = JSON.stringify({ lifeboat: 'store', atomicCreate, at: isoTime(client.clock.now()) });
  await client.send({ method: 'PUT', key: verdictOf(prefix), body: [Buffer.from(content)] });
  if (atomicCreate) {
    const message = `of ${writers} writers that create one name at once, exactly one wins (${rounds} rounds)`;
    return { code: 'atomic_create', verdict: 'yes', message, harmful: false };
  }
  const message = `creation is not atomic (${verdict}): one writer at a time is allowed`;
  return { code: 'atomic_create', verdict: 'no', message, harmful: false };
}

/** What went against the promise, or undefined. Scratch objects go, whatever happens. */
async function race(client: Client, name: string): Promise<string | undefined> {
  for (let round = 0; round < rounds; round += 1) {
    const key = `${name}-${round}`;
    const written: string[] = [];
    try {
      const tries = Array.from({ length: writers }, (_, n) => create(client, key, n, written));
      const outcomes = await Promise.allSettled(tries);
      const broken = outcomes.find((one) => one.status === 'rejected');
      if (broken !== undefined) throw broken.reason;
      const winners = outcomes.flatMap((one, n) => (one.status === 'fulfilled' && one.value ? [n] : []));
      if (winners.length !== 1) return `${winners.length} of ${writers} won`;
      const { body } = await client.send({ method: 'GET', key });
      if (!body.equals(contentOf(winners[0] as number))) return 'the object of the winner was replaced';
    } finally {
      await removeScratch(client, key, written);
    }
  }
  return undefined;
}

/** Different for each writer, and long enough to be under way for a moment. */
const contentOf = (writer: number): Buffer => Buffer.alloc(16_384, `writer ${writer} `);

async function create(client: Client, key: string, writer: number, written: string[]): Promise<boolean> {
  const headers = { 'if-none-match': '*' };
  const answer = await client.send({ method: 'PUT', key, body: [contentOf(writer)], headers, accept: [409, 412] });
  const version = answer.headers['x-amz-version-id'];
  if (answer.status === 200 && typeof version === 'string') written.push(version);
  return answer.status === 200;
}
