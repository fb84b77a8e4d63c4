import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { LifeboatError, limits } from '../../core/index.ts';

/** What one try costs: 19 MiB and some hundredths of a second, the least that is advised. The hash says it of itself, so that it can grow. */
const cost = { memory: 19 * 2 ** 10, passes: 2, parallelism: 1 };

/** `argon2id$65536,2,1$<salt>$<hash>` of a password, base64. Throws `api.busy`. */
export async function hashOfPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ['argon2id', Object.values(cost).join(','), base64(salt), base64(hash)].join('$');
}

/** Takes the same time for an account that is not there: then `known` is undefined. Throws `api.busy`. */
export async function isPassword(password: string, known: string | undefined): Promise<boolean> {
  const [kind, parameters = '', salt = '', hash = ''] = (known ?? nobody).split('$');
  const [memory = 0, passes = 0, parallelism = 0] = parameters.split(',').map(Number);
  const wanted = Buffer.from(hash, 'base64');
  const found = await derive(password, Buffer.from(salt, 'base64'), { memory, passes, parallelism });
  return kind === 'argon2id' && timingSafeEqual(found, wanted) && known !== undefined;
}

/** Of no password. */
const nobody = ['argon2id', Object.values(cost).join(','), base64(randomBytes(16)), base64(randomBytes(32))].join('$');

let running = 0;
const waiting: (() => void)[] = [];

/** A few at once: each takes memory, and whoever asks without end must not take all of it. */
async function derive(password: string, nonce: Buffer, parameters: typeof cost): Promise<Buffer> {
  if (waiting.length >= limits.passwordsWaitingMax) {
    throw new LifeboatError('api.busy', 'too many people sign in at once', { hint: 'Try again in a few seconds.' });
  }
  if (running >= limits.passwordsAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  const message = Buffer.from(password.normalize('NFC'), 'utf8');
  try {
    return await new Promise((resolve, reject) => {
      argon2('argon2id', { message, nonce, ...parameters, tagLength: 32 }, (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      });
    });
  } finally {
    message.fill(0);
    const next = waiting.shift();
    // Whoever waited takes the place over; else it is free.
    if (next === undefined) running -= 1;
    else next();
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}
