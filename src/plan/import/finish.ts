import { topKeys } from '../schema/sections.ts';
import type { Draft } from './draft.ts';
import { isMap, list, mapping, scalar, type MapNode, type PlanNode } from './write/node.ts';
import { placeholder } from './world.ts';

/** What the language requires and the document does not say stands as a placeholder, which `check` reports. Nothing is made up. */
export function finishPlan(draft: Draft): MapNode {
  requireKeys(draft);
  requireStores(draft);
  requireAssets(draft);
  dropEmptyPolicies(draft);
  placeExcluded(draft);
  const root = new Map<string, PlanNode>([['lifeboat', scalar(1)]]);
  const sections = draft.sections();
  for (const key of topKeys) {
    const own = draft.root().get(key);
    const section = sections.get(key);
    if (own !== undefined) root.set(key, own);
    else if (section !== undefined && section.entries.size > 0) root.set(key, section);
  }
  return withoutEmpty({ entries: root });
}

function requireKeys(draft: Draft): void {
  if (draft.names('keys').length > 0) return;
  const where = placeholder('the variable that holds the passphrase');
  draft
    .section('keys')
    .set('main', mapping({ passphrase: mapping({ env: scalar(where) }) }, undefined, 'the document names no key'));
}

function requireStores(draft: Draft): void {
  if (draft.names('stores').length > 0) return;
  const path = scalar(placeholder('where copies go'));
  draft
    .section('stores')
    .set('unknown', mapping({ type: scalar('fs'), path }, undefined, 'the document names no place'));
}

/** Copies that scripts put into a folder and nowhere else: the folder is the store. To be called before policies are placed. */
export function declareFolders(draft: Draft): void {
  const stores = new Map<string, string>();
  for (const asset of draft.section('assets').values()) {
    const artifacts = isMap(asset) ? asset.entries.get('artifacts') : undefined;
    for (const artifact of isMap(artifacts) ? artifacts.entries.values() : []) {
      const folder = isMap(artifact) ? artifact.entries.get('folder') : undefined;
      if (!isMap(artifact) || artifact.entries.has('store') || folder === undefined || !('value' in folder)) continue;
      const path = String(folder.value);
      if (path.includes('$')) continue;
      const name =
        stores.get(path) ??
        draft.declare(
          'stores',
          path,
          mapping({ type: scalar('folder'), path: scalar(path, artifact.line) }, artifact.line),
        );
      stores.set(path, name);
      artifact.entries.delete('folder');
      artifact.entries.set('store', scalar(name));
    }
  }
}

function requireAssets(draft: Draft): void {
  if (draft.names('assets').length > 0) return;
  draft
    .section('assets')
    .set(
      'unknown',
      mapping(
        { type: scalar('files'), path: scalar(placeholder('what must survive')) },
        undefined,
        'the document names no data',
      ),
    );
}

/** Policies that nothing was found for are left out. */
function dropEmptyPolicies(draft: Draft): void {
  const stores = draft.names('stores');
  for (const [name, policy] of draft.section('policies')) {
    if (!isMap(policy)) continue;
    const stream = policy.entries.get('stream');
    const to = isMap(stream) ? stream.entries.get('to') : undefined;
    if (isMap(stream) && to !== undefined && 'items' in to && to.items.length === 0) {
      stream.entries.set(
        'to',
        list([scalar(stores[0] ?? 'unknown')], undefined, 'guessed: the document does not say where'),
      );
    }
    if (policy.entries.size > 0) continue;
    draft.section('policies').delete(name);
    for (const asset of draft.section('assets').values()) {
      const used = isMap(asset) ? asset.entries.get('policy') : undefined;
      if (isMap(asset) && used !== undefined && 'value' in used && used.value === name) asset.entries.delete('policy');
    }
  }
}

/** What the cloud itself keeps is lost with the cloud. */
function placeExcluded(draft: Draft): void {
  if (!draft.section('domains').has('aws')) return;
  for (const asset of draft.section('assets').values()) {
    const provider = isMap(asset) && asset.entries.has('excluded') ? asset.entries.get('provider') : undefined;
    if (!isMap(asset) || provider === undefined || !('value' in provider) || !/^aws\b/i.test(String(provider.value)))
      continue;
    asset.entries.set('domain', scalar('aws', undefined, 'guessed from who keeps it'));
  }
}

/** A place in the document that is empty is a placeholder too: `bucket: "[empty in the document]"`. */
function withoutEmpty<T extends PlanNode>(node: T): T {
  if ('entries' in node)
    return { ...node, entries: new Map([...node.entries].map(([key, inner]) => [key, withoutEmpty(inner)])) };
  if ('items' in node) return { ...node, items: node.items.map(withoutEmpty) };
  return node.value === '' ? { ...node, value: placeholder('empty in the document') } : node;
}
