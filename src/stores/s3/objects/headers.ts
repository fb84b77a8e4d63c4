import { isoTime, LifeboatError } from '../../../core/index.ts';
import type { S3Settings } from '../settings.ts';

/** `deep-archive` as the server calls it. */
export const classToServer = (word: string): string => word.toUpperCase().replaceAll('-', '_');

/** The class in the plan's words; undefined for the ordinary one. */
export const classFromServer = (word: string | undefined): string | undefined =>
  word === undefined || word === '' || word === 'STANDARD' ? undefined : word.toLowerCase();

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  readonly key?: string;
}

/** `aes-256`, `aws:kms` or `aws:kms KEY`. Throws `store.unfit`. */
export function encryptionOf(words: string): Encryption {
  const [algorithm = '', key, ...more] = words.trim().split(/\s+/);
  if (/^aes-?256$|^sse-s3$/i.test(algorithm) && key === undefined) return { algorithm: 'AES256' };
  if (/^(aws:|sse-)?kms$/i.test(algorithm) && more.length === 0)
    return { algorithm: 'aws:kms', ...(key === undefined ? {} : { key }) };
  throw new LifeboatError('store.unfit', `"${words}" is no way in which an S3 server encrypts`, {
    hint: 'Write aes-256, aws:kms, or aws:kms and the name of the key. What Lifeboat stores is sealed by its own key in any case.',
  });
}

export const encryptionHeaders = ({ algorithm, key }: Encryption): Record<string, string> => ({
  'x-amz-server-side-encryption': algorithm,
  ...(key === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
});

/** What is said of every object: its class, how the server encrypts it, until when it is locked. */
export function objectHeaders(
  settings: S3Settings,
  {
    storageClass = settings.storageClass,
    lockedUntilMs,
  }: { storageClass?: string | undefined; lockedUntilMs?: number } = {},
): Record<string, string> {
  return {
    ...(storageClass === undefined ? {} : { 'x-amz-storage-class': classToServer(storageClass) }),
    ...(settings.encryption === undefined ? {} : encryptionHeaders(encryptionOf(settings.encryption))),
    ...(lockedUntilMs === undefined
      ? {}
      : {
          'x-amz-object-lock-mode': lockModeOf(settings),
          'x-amz-object-lock-retain-until-date': isoTime(lockedUntilMs),
        }),
  };
}

export const lockModeOf = ({ lockMode = 'compliance' }: S3Settings): string => lockMode.toUpperCase();
