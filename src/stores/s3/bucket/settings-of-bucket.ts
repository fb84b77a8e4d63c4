import { LifeboatError } from '../../../core/index.ts';
import type { Client } from '../transport/client.ts';
import { refusalError, refusalOf } from '../transport/errors.ts';
import { allAt, readXml, textAt, type Xml } from '../transport/xml.ts';

/** What a setting of the bucket is, or that the server does not know it, or does not say. */
export type Setting<T> = T | undefined | 'unsupported' | 'denied';

const absent = new Set([
  'NoSuchLifecycleConfiguration',
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchPublicAccessBlockConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'NoSuchBucketPolicy',
]);

/** `Enabled`, `Suspended`, or undefined where versions were never kept. */
export async function versioningOf(client: Client): Promise<string | undefined> {
  const { body } = await client.send({ method: 'GET', query: { versioning: '' } });
  return textAt(readXml(body, client.location).content, 'Status');
}

/** `AES256`, `aws:kms`. */
export const encryptionOfBucket = (client: Client): Promise<Setting<string>> =>
  read(client, 'encryption', (xml) => textAt(xml, 'Rule', 'ApplyServerSideEncryptionByDefault', 'SSEAlgorithm'));

export const doors = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
export type Door = (typeof doors)[number];

/** Which of the four doors to the public are shut. */
export const shutDoors = (client: Client): Promise<Setting<readonly Door[]>> =>
  read(client, 'publicAccessBlock', (xml) => doors.filter((name) => textAt(xml, name)?.toLowerCase() === 'true'));

/** With these two nothing gets in by a list of access, and nobody can write a policy that lets strangers in. */
export const isShut = (found: readonly Door[]): boolean =>
  found.includes('IgnorePublicAcls') && found.includes('BlockPublicPolicy');

/** Groups of strangers that the access list of the bucket lets in. */
export const strangersOf = (client: Client): Promise<Setting<readonly string[]>> =>
  read(client, 'acl', (xml) =>
    allAt(allAt(xml, 'AccessControlList')[0], 'Grant')
      .map((grant) => textAt(grant, 'Grantee', 'URI') ?? '')
      .filter((uri) => /AllUsers|AuthenticatedUsers/.test(uri)),
  );

/** Whether the policy of the bucket lets strangers in. */
export const policyIsPublic = (client: Client): Promise<Setting<boolean>> =>
  read(client, 'policyStatus', (xml) => textAt(xml, 'IsPublic')?.toLowerCase() === 'true');

export interface Lock {
  readonly enabled: boolean;
  /** A lock that every new object gets by itself. */
  readonly byDefault?: string | undefined;
}

export const lockOfBucket = (client: Client): Promise<Setting<Lock>> =>
  read(client, 'object-lock', (xml) => {
    const mode = textAt(xml, 'Rule', 'DefaultRetention', 'Mode');
    const days = textAt(xml, 'Rule', 'DefaultRetention', 'Days');
    const years = textAt(xml, 'Rule', 'DefaultRetention', 'Years');
    const span = days === undefined ? `${years} years` : `${days} days`;
    return {
      enabled: textAt(xml, 'ObjectLockEnabled') === 'Enabled',
      ...(mode === undefined ? {} : { byDefault: `${mode}, ${span}` }),
    };
  });

export const lifecycleOf = (client: Client): Promise<Setting<readonly Xml[]>> =>
  read(client, 'lifecycle', (xml) => allAt(xml, 'Rule'));

async function read<T>(client: Client, what: string, meaning: (content: Xml) => T): Promise<Setting<T>> {
  try {
    const answer = await client.send({ method: 'GET', query: { [what]: '' }, accept: [404] });
    if (answer.status !== 404) {
      const { root, content } = readXml(answer.body, client.location);
      // Servers that do not know the question answer another one: they list the bucket.
      return root === 'ListBucketResult' ? 'unsupported' : meaning(content);
    }
    const refusal = refusalOf(404, answer.body, client.location);
    if (absent.has(refusal.code)) return undefined;
    // Servers that do not know the question take it for one about an object.
    if (refusal.code === 'NoSuchKey' || refusal.code === '') return 'unsupported';
    throw refusalError(refusal, client.location);
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'store.unfit') return 'unsupported';
    if (error instanceof LifeboatError && error.code === 'store.denied') return 'denied';
    throw error;
  }
}
