import type { AssetDeclaration } from '../../model.ts';
import type { Written } from './written.ts';

/** Copies that others keep, as a store among ours: one for each domain that the plan names for them. */
export interface OthersCopies {
  readonly store: string;
  /** Undefined where the plan does not say where they stand. */
  readonly domain: string | undefined;
}

/** Empty for an asset whose points we make. */
export function othersCopies(asset: AssetDeclaration, written: Written): readonly OthersCopies[] {
  if (asset.type !== 'external') return [];
  const stated = written.at(['assets', asset.name, 'keptIn']);
  const domains = [stated].flat().filter((one) => typeof one === 'string');
  if (domains.length === 0) return [{ store: 'copies of others', domain: undefined }];
  return domains.map((domain) => ({ store: `copies of others in ${domain}`, domain }));
}
