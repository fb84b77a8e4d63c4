import { LifeboatError, messageOf, systemCodeOf, type ErrorCode } from '../../../core/index.ts';
import { readXml, textAt } from './xml.ts';

/** What a server answered instead of doing what was asked. */
export interface Refusal {
  readonly status: number;
  /** `NoSuchKey`, …; empty where the answer had no body (HEAD). */
  readonly code: string;
  readonly message: string;
  readonly storageClass?: string;
}

export function refusalOf(status: number, body: Buffer, where: string): Refusal {
  if (body.length === 0) return { status, code: '', message: '' };
  try {
    const { content } = readXml(body, where);
    const storageClass = textAt(content, 'StorageClass');
    return {
      status,
      code: textAt(content, 'Code') ?? '',
      message: textAt(content, 'Message') ?? '',
      ...(storageClass === undefined ? {} : { storageClass }),
    };
  } catch {
    // A proxy's page: the status says what there is to say.
    return { status, code: '', message: '' };
  }
}

interface Words {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint?: string;
}

const away: Words = { code: 'store.unreachable', sentence: 'the store cannot answer now' };
const changed: Words = { code: 'store.io', sentence: 'the store received other bytes than were sent' };
const gone: Words = {
  code: 'store.unreachable',
  sentence: 'the bucket of the store is not there',
  hint: 'Look at bucket, region and endpoint in the plan. A new store is made with: lifeboat store init',
};
const keys: Words = {
  code: 'store.denied',
  sentence: 'the store does not know these credentials',
  hint: 'Look at accessKeyId and secretAccessKey, or at the profile, in the plan.',
};
const clock: Words = {
  code: 'store.denied',
  sentence: 'the clocks of this machine and of the store differ too much',
  hint: 'Set the clock of this machine.',
};
const unfit: Words = { code: 'store.unfit', sentence: 'the store cannot do what was asked of it' };
const full: Words = {
  code: 'store.full',
  sentence: 'the store has no room left',
  hint: 'Raise the quota; what was safe there is still safe.',
};

const byCode: Readonly<Record<string, Words>> = {
  NoSuchKey: { code: 'store.missing', sentence: 'the object is not there' },
  NoSuchVersion: { code: 'store.missing', sentence: 'that version of the object is not there' },
  NoSuchBucket: gone,
  NoSuchUpload: { code: 'store.io', sentence: 'the unfinished upload was removed during the write' },
  PreconditionFailed: { code: 'store.exists', sentence: 'the object is already there' },
  ConditionalRequestConflict: { code: 'store.busy', sentence: 'another writer is at this object' },
  OperationAborted: { code: 'store.busy', sentence: 'another change of the bucket is under way' },
  InvalidAccessKeyId: keys,
  SignatureDoesNotMatch: keys,
  InvalidToken: keys,
  ExpiredToken: { ...keys, sentence: 'the credentials of the store have expired' },
  RequestTimeTooSkewed: clock,
  RequestExpired: clock,
  InvalidObjectState: { code: 'store.frozen', sentence: 'the object is in a cold storage class' },
  BadDigest: changed,
  XAmzContentSHA256Mismatch: changed,
  IncompleteBody: changed,
  RequestTimeout: away,
  SlowDown: { ...away, sentence: 'the store asks for fewer requests' },
  QuotaExceeded: full,
  EntityTooLarge: { code: 'limit.exceeded', sentence: 'the object is larger than the store allows' },
  InvalidBucketState: unfit,
  ObjectLockConfigurationNotFoundError: { ...unfit, sentence: 'the bucket has no object lock' },
};

const byStatus: Readonly<Record<number, Words>> = {
  401: keys,
  403: {
    code: 'store.denied',
    sentence: 'the store refused access',
    hint: 'Let these credentials list the bucket, and read and write its objects.',
  },
  404: { code: 'store.missing', sentence: 'the object is not there' },
  408: away,
  409: { code: 'store.busy', sentence: 'another writer is at this object' },
  412: { code: 'store.exists', sentence: 'the object is already there' },
  429: { ...away, sentence: 'the store asks for fewer requests' },
  499: away,
  507: full,
};

/** A refusal in the words of the store contract. */
export function refusalError(refusal: Refusal, where: string): LifeboatError {
  const { status, code, message } = refusal;
  const {
    sentence,
    hint,
    code: ours,
  } = byCode[code] ?? byStatus[status] ?? (status >= 500 && status !== 501 ? away : unfit);
  const said = [String(status), code, message].filter((word) => word !== '').join(' ');
  return new LifeboatError(ours, `${sentence}: ${said}`, { where, ...(hint === undefined ? {} : { hint }) });
}

/** What happened on the way there, in the words of the store contract; ours pass through. */
export function wayError(error: unknown, where: string): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const code = systemCodeOf(error) ?? '';
  const untrusted = /CERT|SIGNATURE|SSL|TLS/.test(code);
  return new LifeboatError('store.unreachable', `the store cannot be reached: ${messageOf(error)}`, {
    where,
    cause: error,
    ...(untrusted
      ? { hint: 'Give Node the certificate of whoever signed the server’s: NODE_EXTRA_CA_CERTS=FILE' }
      : {}),
  });
}
