import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LifeboatError, systemCodeOf } from '../core/index.ts';

/** Who signs a journal: made once for a state folder, and anew where that was lost. */
export interface HostIdentity {
  /** The chain's id: made of the public key, so that nobody else can go on with it. */
  readonly id: string;
  /** SPKI, DER, base64url. */
  readonly publicKey: string;
  sign(text: string): string;
}

/** Throws `input.file` for a file that is none of ours, and what the disk says. */
export function hostIdentity(stateFolder: string): HostIdentity {
  const file = join(stateFolder, 'host.key');
  try {
    return identityOf(createPrivateKey(readFileSync(file)));
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') {
      throw new LifeboatError('input.file', `the key of this host cannot be read`, {
        where: file,
        hint: 'Move it away: this machine then begins a new chain of its journal.',
        cause: error,
      });
    }
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    linkSync(fresh, file);
  } catch (error) {
    // Another process was first: its key is the one.
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  return identityOf(createPrivateKey(readFileSync(file)));
}

/** The chain of this state folder is another's too: this machine begins a new one. */
export function abandonIdentity(stateFolder: string, id: string): void {
  renameSync(join(stateFolder, 'host.key'), join(stateFolder, `host.key.${id}`));
}

/** Whether the holder of the key that the chain's id is made of signed this. */
export function isSignedBy(id: string, publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' });
    return idOf(publicKey) === id && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    // What is no key signs nothing.
    return false;
  }
}

function identityOf(privateKey: KeyObject): HostIdentity {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64url');
  return {
    id: idOf(publicKey),
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idOf = (publicKey: string): string =>
  Array.from(createHash('sha256').update(publicKey).digest().subarray(0, 26), (byte) => alphabet[byte % 32]).join('');
