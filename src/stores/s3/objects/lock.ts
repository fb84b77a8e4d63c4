import { isoTime } from '../../../core/index.ts';
import type { S3Settings } from '../settings.ts';
import type { Client } from '../transport/client.ts';
import { readXml, textAt, writeXml } from '../transport/xml.ts';
import { checked } from './checked.ts';
import { lockModeOf } from './headers.ts';

/** Undefined where no lock is on the newest version. */
export async function lockedUntil(client: Client, key: string): Promise<number | undefined> {
  // 404 of an object without a lock and of none look alike; a bucket that knows no locks refuses the question.
  const held = await client.send({ method: 'GET', key, query: { retention: '' }, accept: [400, 404, 501] });
  if (held.status !== 200) return void (await client.send({ method: 'HEAD', key }));
  const untilMs = Date.parse(textAt(readXml(held.body, client.where(key)).content, 'RetainUntilDate') ?? '');
  return Number.isNaN(untilMs) ? undefined : untilMs;
}

/** Locks the newest version of an object for longer; a lock that holds longer already is left alone. */
export async function extendLock(client: Client, key: string, untilMs: number, settings: S3Settings): Promise<void> {
  const held = await client.send({ method: 'GET', key, query: { retention: '' }, accept: [404] });
  if (held.status === 404) await client.send({ method: 'HEAD', key });
  else {
    const { content } = readXml(held.body, client.where(key));
    if (Date.parse(textAt(content, 'RetainUntilDate') ?? '') >= untilMs) return;
  }
  const Retention = { Mode: lockModeOf(settings), RetainUntilDate: isoTime(untilMs) };
  await client.send({ method: 'PUT', key, query: { retention: '' }, ...checked(writeXml({ Retention })) });
}
