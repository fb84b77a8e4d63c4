import { createHash } from 'node:crypto';

/** A small body with the checksum that servers ask for beside settings. */
export function checked(xml: string): { body: readonly Uint8Array[]; headers: Record<string, string> } {
  const body = Buffer.from(xml);
  return {
    body: [body],
    headers: { 'content-type': 'application/xml', 'content-md5': createHash('md5').update(body).digest('base64') },
  };
}
