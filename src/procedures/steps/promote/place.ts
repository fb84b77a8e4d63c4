import { resolve } from 'node:path';
import { isSecretSource, LifeboatError, readText, Secret } from '../../../core/index.ts';
import type { Plan } from '../../../plan/index.ts';

/** Where a standby is: a server that follows its primary, or a folder where `lifeboat standby` feeds one from a store. */
export type StandbyPlace = { readonly url: string } | { readonly folder: string };

/** Throws `plan.unknown_name`, `secret.unset`. */
export async function placeOf(plan: Plan, asset: string, standby: string | undefined): Promise<StandbyPlace> {
  const standbys = plan.assets.get(asset)?.standbys ?? new Map();
  const name = standby ?? (standbys.size === 1 ? [...standbys.keys()][0] : undefined);
  const declared = name === undefined ? undefined : standbys.get(name);
  const { url, folder } = (declared ?? {}) as { url?: unknown; folder?: unknown };
  if (typeof folder === 'string') return { folder: resolve(plan.folder, folder) };
  if (typeof url === 'string') return { url };
  if (isSecretSource(url)) return { url: new Secret(await readText(url)).reveal() };
  throw new LifeboatError(
    'plan.unknown_name',
    `the plan does not say where the standby ${name ?? ''} of ${asset} answers`,
    { hint: `Declare it: assets: { ${asset}: { standbys: { NAME: { url: { env: STANDBY_URL } } } } }, or its folder.` },
  );
}
