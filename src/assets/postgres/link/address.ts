import { LifeboatError } from '../../../core/index.ts';

/**
 * The parts of a server's URL, however it is written: `postgresql://user:password@host:port/database`, without a host
 * (`postgresql://user@/shop?host=/run/postgresql`), or with its parts as parameters. The error never shows the URL: it may hold a
 * password. Throws `asset.unsupported`.
 */
export function parseServerUrl(text: string): URL {
  const withHost = text.replace(/^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)(?=[/?#]|$)/i, '$1localhost');
  if (!URL.canParse(withHost)) {
    throw new LifeboatError('asset.unsupported', 'the url of the asset is not one that can be read', {
      hint: 'Write postgresql://user@host:port/database; write other characters of a password as %40 and the like.',
    });
  }
  const url = new URL(withHost);
  for (const [name, part] of [
    ['user', 'username'],
    ['password', 'password'],
  ] as const) {
    const value = url.searchParams.get(name);
    if (value !== null && url[part] === '') url[part] = value;
  }
  return url;
}
