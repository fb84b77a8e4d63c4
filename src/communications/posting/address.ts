import { LifeboatError, readText, Secret, type SecretSource } from '../../core/index.ts';

/** Where a channel posts to. From then on `redact` knows the address: its path is often what lets one in. Throws `channel.refused`, `secret.unset`. */
export async function addressOf(written: string | SecretSource): Promise<URL> {
  const text = new Secret(await readText(written)).reveal();
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new LifeboatError('channel.refused', 'the address of this channel is not one that can be posted to', {
    hint: 'It begins with https:// (or http://).',
  });
}
