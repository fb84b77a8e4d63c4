import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * `t=1764000000,v1=<hex>`: HMAC-SHA-256 under the shared secret over the moment (seconds since 1970), a dot and the body, byte for byte. With the
 * moment inside, a message that somebody recorded is worth nothing a few minutes later.
 */
export function signatureOf(secret: string, atSeconds: number, body: string): string {
  return `t=${atSeconds},v1=${digest(secret, atSeconds, body).toString('hex')}`;
}

/** What a receiver does: `toleranceSeconds` both ways, for its clock may differ from the sender's. */
export function isSigned(
  secret: string,
  header: string,
  body: string,
  { atSeconds, toleranceSeconds = 300 }: { readonly atSeconds: number; readonly toleranceSeconds?: number },
): boolean {
  const found = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (found === null) return false;
  const [, moment = '', hex = ''] = found;
  if (Math.abs(Number(moment) - atSeconds) > toleranceSeconds) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), digest(secret, Number(moment), body));
}

const digest = (secret: string, atSeconds: number, body: string): Buffer =>
  createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest();
