import type { AssetDeclaration } from '../../../model.ts';
import { othersCopies } from '../../facts/others-copies.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Found, Rule } from '../../rule.ts';
import { listed } from '../../words.ts';

export const oneDomain: Rule = {
  code: 'domains.copies_with_source',
  severity: 'error',
  title: 'All copies of an asset stand where the asset stands',
  why: `A fire, a region, an account, a ransom note: what takes the asset takes its copies too. In 2021 a data centre burned down together with the room that
held its backups. At least one copy stands in a domain that does not fall with the source (3-2-1).`,
  bad: `assets: { orders: { domain: west, policy: database } }
stores: { near: { domain: west } }`,
  good: `assets: { orders: { domain: west, policy: database } }
stores: { near: { domain: west }, far: { domain: east } }`,
  *find(facts) {
    for (const asset of facts.plan.assets.values()) {
      const { domain } = asset;
      if (domain === undefined) continue;
      const stores = facts.freshness.of(asset.name).map(({ store }) => store);
      // A store may stand anywhere inside what is lost with the asset's own domain, or around it.
      if (stores.length === 0 || stores.some((store) => !facts.domains.storeIsLost(store, [domain]))) continue;
      yield {
        path: facts.written.nearest('assets', asset.name, 'domain'),
        message: `${asset.name} stands in ${domain}, and so do all its copies (${listed(stores)}): losing ${domain} loses both`,
        hint: 'Copy points to a store in another domain.',
      };
    }
  },
};

export const keyWithData: Rule = {
  code: 'domains.key_with_data',
  severity: 'error',
  title: 'The key is lost together with the data that it opens',
  why: `Copies that nobody can open are no copies. When the key, or the place that keeps it, falls with the data, the copies elsewhere survive sealed for ever. The
key is kept in a domain of its own, split among people, or on paper in a safe; and the escrowed one is tried.`,
  bad: `keys: { main: { …, domain: cloud } }
assets: { orders: { domain: cloud } }`,
  good: `keys: { main: { …, domain: office } }
assets: { orders: { domain: cloud } }`,
  *find(facts) {
    const keys = [...facts.plan.keys.values()];
    const shared = facts.written.entries('keys').some(([, key]) => key['shares'] !== undefined);
    if (shared || keys.length === 0 || keys.some(({ domain }) => domain === undefined)) return;
    for (const domain of facts.plan.domains.keys()) {
      if (!keys.every((key) => facts.domains.isLost(key.domain, [domain]))) continue;
      const inner = [...facts.plan.domains.values()].some(
        (one) => one.parent === domain && keys.every((key) => facts.domains.isLost(key.domain, [one.name])),
      );
      const assets = facts.domains.assetsIn([domain]);
      if (inner || assets.length === 0) continue;
      yield {
        path: ['keys', keys[0]?.name ?? '', 'domain'],
        message: `losing ${domain} loses ${listed(assets)} and every key (${listed(keys.map(({ name }) => name))}): the copies that are left cannot be opened`,
        hint: 'Keep a key in another domain, or split it among people (shares).',
      };
    }
  },
};

export const keyBesideCopies: Rule = {
  code: 'domains.key_beside_copies',
  severity: 'info',
  title: 'The key lies beside the copies that it opens',
  why: `Whoever gets into that domain has the sealed copies and the key: the encryption protects nothing there. It is no danger for the recovery itself.`,
  bad: `keys: { main: { …, domain: safe } }
stores: { near: { domain: safe } }`,
  good: `keys: { main: { …, domain: office } }
stores: { near: { domain: safe } }`,
  *find(facts) {
    if (!facts.domains.declared) return;
    for (const key of facts.plan.keys.values()) {
      const beside = [...facts.plan.stores.values()].filter(
        ({ domain }) => domain !== undefined && domain === key.domain,
      );
      if (beside.length === 0) continue;
      yield {
        path: ['keys', key.name, 'domain'],
        message: `${key.name} lies in ${String(key.domain)}, beside the copies in ${listed(beside.map(({ name }) => name))}`,
        hint: 'Keep the key where the copies are not.',
      };
    }
  },
};

export const unplaced: Rule = {
  code: 'domains.unplaced',
  severity: 'info',
  title: 'Something names no failure domain, so nobody can say when it is lost',
  why: `The plan draws failure domains, but not where this stands. Whether a scenario loses it cannot be judged, and no finding does not mean no danger.`,
  bad: `domains: { west: {}, east: {} }
stores: { far: { type: s3, bucket: copies } }`,
  good: `domains: { west: {}, east: {} }
stores: { far: { type: s3, bucket: copies, domain: east } }`,
  *find(facts) {
    if (!facts.domains.declared) return;
    yield* without(facts, 'stores', [...facts.plan.stores.values()]);
    yield* without(facts, 'keys', [...facts.plan.keys.values()]);
    yield* without(facts, 'assets', [...facts.plan.assets.values()]);
    for (const asset of facts.plan.assets.values()) yield* keptSomewhere(facts, asset);
  },
};

function* keptSomewhere(facts: Facts, asset: AssetDeclaration): Iterable<Found> {
  for (const { domain } of othersCopies(asset, facts.written)) {
    if (domain !== undefined && facts.plan.domains.has(domain)) continue;
    yield {
      path: facts.written.nearest('assets', asset.name, 'keptIn'),
      message:
        domain === undefined
          ? `the copies of ${asset.name} that others keep name no domain: whether a scenario loses them cannot be judged`
          : `the copies of ${asset.name} are kept in ${domain}, which is no domain of the plan`,
      hint: 'Write keptIn: with the domain, or domains, where the copies stand.',
    };
  }
}

function* without(
  _facts: Facts,
  section: string,
  items: readonly { name: string; domain: string | undefined }[],
): Iterable<Found> {
  for (const { name, domain } of items) {
    if (domain !== undefined) continue;
    yield {
      path: [section, name],
      message: `${name} names no domain: whether a scenario loses it cannot be judged`,
      hint: "Write domain: with one of the plan's domains.",
    };
  }
}
