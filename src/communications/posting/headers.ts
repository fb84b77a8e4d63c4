/** Of a request to somebody who is no receiver of ours: who we are, and a key by which those who look at it know a message again. */
export function headersOf(type: string, url: URL, token: string | undefined, key: string): Record<string, string> {
  const { username, password } = url;
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return {
    'content-type': type,
    // A header holds no other characters: whoever is reached by a number with one of them must be told, too.
    'idempotency-key': key.replaceAll(/[^\x20-\x7e]/g, '_'),
    ...(token !== undefined
      ? { authorization: `Bearer ${token}` }
      : username === ''
        ? {}
        : { authorization: `Basic ${basic}` }),
  };
}
