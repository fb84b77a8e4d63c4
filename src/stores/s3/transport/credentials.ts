import { LifeboatError, messageOf, readSecret, readText } from '../../../core/index.ts';
import type { S3Settings } from '../settings.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The credentials of this moment; `fresh` asks anew, after the server called the last ones expired. */
export type CredentialSource = (options?: { fresh: boolean }) => Promise<Credentials>;

/**
 * The keys of the plan, or what Amazon's own tools would use here: the environment, a profile, single sign-on, a token of the
 * platform, the container, the machine. Throws `secret.unset`.
 */
export function credentialSource(settings: S3Settings): CredentialSource {
  if (settings.accessKeyId !== undefined) return ownKeys(settings);
  let chain: Promise<(options?: { forceRefresh: boolean }) => Promise<Credentials>> | undefined;
  return async (options) => {
    // Only here: half of the driver's time to load, and who gives keys does not need it.
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(settings.profile === undefined ? {} : { profile: settings.profile }),
    );
    try {
      return await (
        await chain
      )(options?.fresh === true ? { forceRefresh: true } : undefined);
    } catch (error) {
      throw new LifeboatError('secret.unset', `no credentials for the store were found: ${messageOf(error)}`, {
        hint: 'Give accessKeyId and secretAccessKey, or profile, in the plan; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
        cause: error,
      });
    }
  };
}

/** Read when first needed, and again when the server refuses them: a file or program may give others by then. */
function ownKeys(settings: S3Settings): CredentialSource {
  let read: Promise<Credentials> | undefined;
  return (options) => {
    if (options?.fresh === true) read = undefined;
    read ??= readKeys(settings);
    read.catch(() => (read = undefined)); // whoever asked hears of it
    return read;
  };
}

async function readKeys({ accessKeyId = '', secretAccessKey, sessionToken }: S3Settings): Promise<Credentials> {
  const [id, secret, token] = await Promise.all([
    readText(accessKeyId),
    secretAccessKey === undefined ? undefined : readSecret(secretAccessKey),
    sessionToken === undefined ? undefined : readSecret(sessionToken),
  ]);
  return {
    accessKeyId: id,
    secretAccessKey: secret?.reveal() ?? '',
    ...(token === undefined ? {} : { sessionToken: token.reveal() }),
  };
}
