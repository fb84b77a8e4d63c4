import { LifeboatError, limits } from '../../../core/index.ts';
import type { StoredObject, ThawState } from '../../store.ts';
import type { Answer, Client } from '../transport/client.ts';
import { refusalError, refusalOf } from '../transport/errors.ts';
import { readXml, textAt, writeXml } from '../transport/xml.ts';
import { checked } from './checked.ts';
import { classFromServer } from './headers.ts';

/** Hours until a standard thaw is done, as Amazon promises them; other servers name their cold classes alike. */
const frozenHours: Readonly<Record<string, number>> = { glacier: 5, deep_archive: 12 };
const unknownHours = 48;

export const thawHours = (storageClass: string): number => frozenHours[storageClass] ?? unknownHours;

/** Whether objects of the class must thaw before they are read. */
export const isFrozenClass = (storageClass: string | undefined): boolean =>
  storageClass !== undefined && storageClass in frozenHours;

/** What is said of an object's class, by the server's word for it; nothing of the ordinary one. */
export function classOf(serverClass: string | undefined): Pick<StoredObject, 'storageClass' | 'frozen'> {
  const storageClass = classFromServer(serverClass);
  if (storageClass === undefined) return {};
  return { storageClass, ...(isFrozenClass(storageClass) ? { frozen: true } : {}) };
}

/** From the head of an object. */
export function thawStateOf({ headers }: Answer): ThawState {
  const storageClass = classFromServer(String(headers['x-amz-storage-class'] ?? '')) ?? 'standard';
  const restore = String(headers['x-amz-restore'] ?? '');
  if (restore.includes('ongoing-request="true"'))
    return { state: 'thawing', storageClass, hours: thawHours(storageClass) };
  const until = Date.parse(/expiry-date="([^"]+)"/.exec(restore)?.[1] ?? '');
  if (!Number.isNaN(until)) return { state: 'thawed', storageClass, untilMs: until };
  return isFrozenClass(storageClass)
    ? { state: 'frozen', storageClass, hours: thawHours(storageClass) }
    : { state: 'readable' };
}

/** That it was asked for already is no error. */
export async function requestThaw(client: Client, key: string, days: number): Promise<void> {
  const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: 'Standard' } };
  const xml = checked(writeXml({ RestoreRequest }));
  const answer = await client.send({ method: 'POST', key, query: { restore: '' }, ...xml, accept: [409] });
  if (answer.status !== 409) return;
  const refusal = refusalOf(409, answer.body, client.where(key));
  if (refusal.code !== 'RestoreAlreadyInProgress') throw refusalError(refusal, client.where(key));
}

/** Copies the object onto itself under other headers: how a class is changed. */
export async function copyTo(
  client: Client,
  key: string,
  bytes: number,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const where = client.where(key);
  if (bytes > limits.storeObjectBytesMax)
    throw new LifeboatError('limit.exceeded', `${bytes} bytes cannot change their class in one request`, { where });
  const answer = await client.send({
    method: 'PUT',
    key,
    headers: {
      ...headers,
      'x-amz-copy-source': `/${client.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
      'x-amz-metadata-directive': 'REPLACE',
    },
  });
  // As with joined parts, the answer may begin well and end as an error.
  const { root, content } = readXml(answer.body, where);
  if (root === 'Error') throw refusalError(refusalOf(500, answer.body, where), where);
  if (textAt(content, 'ETag') === undefined)
    throw new LifeboatError('store.io', `the server answered a copy with ${root}`, { where });
}
