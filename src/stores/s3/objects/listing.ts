import { LifeboatError } from '../../../core/index.ts';
import type { Client } from '../transport/client.ts';
import { allAt, readXml, textAt, type Xml } from '../transport/xml.ts';
import { repeatPart } from './repeat.ts';

export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly storageClass: string | undefined;
  /** When it was put there, by the server's clock; milliseconds since 1970, NaN where it does not say. */
  readonly modifiedMs: number;
}

/** One entry of the history of a key, the newest first. */
export interface Version extends Listed {
  readonly version: string;
  /** From then on the key was gone, until a newer entry. */
  readonly deleted: boolean;
}

/** Every key that starts with the prefix. A page that is not whole, or does not lead on, is an error. */
export async function* listKeys(client: Client, prefix: string, signal?: AbortSignal): AsyncIterable<Listed> {
  let token: string | undefined;
  do {
    const next = token;
    const page = await pageOf(
      client,
      'ListBucketResult',
      {
        'list-type': '2',
        prefix,
        ...(next === undefined ? {} : { 'continuation-token': next }),
      },
      signal,
    );
    const found = allAt(page, 'Contents').map((one) => listed(client, one));
    const count = textAt(page, 'KeyCount');
    if (count !== undefined && Number(count) !== found.length)
      throw partial(client, `${count} names are ${found.length}`);
    yield* found;
    token = isTruncated(client, page) ? textAt(page, 'NextContinuationToken') : undefined;
    if (isTruncated(client, page) && (token === undefined || token === '' || token === next))
      throw partial(client, 'it says that there is more, and not where');
  } while (token !== undefined);
}

/** Every version of every key that starts with the prefix: keys in order, the newest of each first. */
export async function* listVersions(client: Client, prefix: string): AsyncIterable<Version> {
  let marker: { key: string; version: string } | undefined;
  do {
    const from = marker;
    const page = await pageOf(client, 'ListVersionsResult', {
      versions: '',
      prefix,
      ...(from === undefined ? {} : { 'key-marker': from.key, 'version-id-marker': from.version }),
    });
    yield* [
      ...allAt(page, 'Version').map((one) => versionOf(client, one, false)),
      ...allAt(page, 'DeleteMarker').map((one) => versionOf(client, one, true)),
    ].sort((a, b) => (a.key === b.key ? b.modifiedMs - a.modifiedMs : a.key < b.key ? -1 : 1));
    marker = isTruncated(client, page) ? nextMarker(client, page, from) : undefined;
  } while (marker !== undefined);
}

function nextMarker(client: Client, page: Xml, from: { key: string; version: string } | undefined) {
  const key = textAt(page, 'NextKeyMarker');
  const version = textAt(page, 'NextVersionIdMarker') ?? '';
  if (key === undefined || (from?.key === decoded(key) && from.version === version))
    throw partial(client, 'it says that there is more, and not where');
  return { key: decoded(key), version };
}

async function pageOf(
  client: Client,
  root: string,
  query: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Xml> {
  return repeatPart(client.clock, signal, async () => {
    const answer = await client.send({ method: 'GET', query: { ...query, 'encoding-type': 'url' }, signal });
    const page = readXml(answer.body, client.location);
    if (page.root !== root) throw partial(client, `it is a ${page.root}`);
    return page.content;
  });
}

function isTruncated(client: Client, page: Xml): boolean {
  const said = textAt(page, 'IsTruncated');
  if (said !== 'true' && said !== 'false') throw partial(client, 'it does not say whether there is more');
  return said === 'true';
}

function listed(client: Client, xml: Xml): Listed {
  const key = textAt(xml, 'Key');
  const bytes = Number(textAt(xml, 'Size') ?? 'none');
  if (key === undefined || !Number.isSafeInteger(bytes)) throw partial(client, 'an entry lacks its name or size');
  const modifiedMs = Date.parse(textAt(xml, 'LastModified') ?? '');
  return { key: decoded(key), bytes, modifiedMs, storageClass: textAt(xml, 'StorageClass') };
}

function versionOf(client: Client, xml: Xml, deleted: boolean): Version {
  const key = textAt(xml, 'Key');
  const bytes = deleted ? 0 : Number(textAt(xml, 'Size') ?? 'none');
  const modifiedMs = Date.parse(textAt(xml, 'LastModified') ?? '');
  const version = textAt(xml, 'VersionId');
  if (key === undefined || version === undefined || !Number.isSafeInteger(bytes) || Number.isNaN(modifiedMs))
    throw partial(client, 'a version lacks its name, size or time');
  return { key: decoded(key), bytes, modifiedMs, version, deleted, storageClass: textAt(xml, 'StorageClass') };
}

/** Names come with escapes, because XML cannot hold every character. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // no escapes after all: a name that no object of ours has
  }
};

const partial = (client: Client, why: string): LifeboatError =>
  new LifeboatError('store.io', `the listing of the store is not whole: ${why}`, { where: client.location });
