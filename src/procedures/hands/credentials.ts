import { isSecretSource, readText, Secret } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';

/**
 * A restored server takes the credentials of its source. The journal has its address without the password; this puts the
 * source's back. An address that is no URL (a path) holds none.
 */
export async function withCredentials(shownUrl: string, plan: Plan, asset: string): Promise<string> {
  const source = sourceUrlOf(plan.assets.get(asset)?.settings);
  if (source === undefined || !URL.canParse(shownUrl)) return shownUrl;
  const text = await readText(source);
  if (!URL.canParse(text)) return shownUrl;
  const { username, password } = new URL(text);
  const url = new URL(shownUrl);
  if (url.username === '') url.username = username;
  url.password = password;
  return new Secret(url.href).reveal();
}

function sourceUrlOf(settings: unknown): Parameters<typeof readText>[0] | undefined {
  if (typeof settings !== 'object' || settings === null || !('url' in settings)) return undefined;
  const { url } = settings;
  return typeof url === 'string' || isSecretSource(url) ? url : undefined;
}
