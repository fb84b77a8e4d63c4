import { artifactsOf, type Artifact } from '../../facts/artifacts.ts';
import type { Act } from '../../facts/commands/act.ts';
import type { Facts } from '../../facts/facts.ts';
import { streamedWithoutPoints } from '../../facts/freshness.ts';
import { actsOf, ownActs } from '../../facts/procedures.ts';
import type { Found, Rule } from '../../rule.ts';
import { listed } from '../../words.ts';

const databases = new Set(['sqlite', 'postgres']);

export const liveCopy: Rule = {
  code: 'order.live_copy',
  onePerPlace: true,
  severity: 'error',
  title: 'The file of a live database is copied as it stands',
  why: `A database file that is copied while it is written holds some pages from before and some from after a change, and lacks what is in its log (-wal). It
often opens, and is wrong. Use the database's own way: the backup API or VACUUM INTO for SQLite, a base backup or pg_dump for
PostgreSQL; or let Lifeboat take the point.`,
  bad: `artifacts: { copy: { method: copy, live: true, command: "gzip -c /data/catalog.db > catalog.db.gz" } }`,
  good: `artifacts: { copy: { method: online, command: "sqlite3 /data/catalog.db '.backup copy.db'" } }`,
  *find(facts) {
    for (const artifact of artifactsOf(facts)) {
      const asset = facts.plan.assets.get(artifact.asset);
      if (asset === undefined || !databases.has(asset.type)) continue;
      const typed = artifact.written['method'] === 'copy' && artifact.written['live'] !== false;
      const copied = artifact.acts.find((act) => copiesDatabase(act));
      if (!typed && (copied === undefined || artifact.written['live'] === false)) continue;
      yield {
        path: artifact.path,
        message: `the ${asset.type} asset ${asset.name} is copied while it is in use${copied?.file === undefined ? '' : ` (${copied.command?.program ?? 'copy'} ${copied.file})`}: the copy may hold half of a change`,
        hint:
          asset.type === 'sqlite'
            ? 'Use the backup API or VACUUM INTO, or let Lifeboat take the point.'
            : 'Use a base backup or pg_dump, or let Lifeboat take the point.',
      };
    }
    yield* inProcedures(facts);
  },
};

const isDatabaseFile = (file: string): boolean =>
  /\.(db|sqlite3?)$/.test(file) || /\/postgresql\/|\/pgdata\b/.test(file);
const copiesDatabase = (act: Act): boolean =>
  act.kind === 'copies' && (isDatabaseFile(act.file ?? '') || /^\$\{?SOURCE/.test(act.file ?? ''));

/** A procedure that keeps what is damaged may copy it, once nothing writes any more. */
function* inProcedures(facts: Facts): Iterable<Found> {
  for (const procedure of facts.procedures.all) {
    for (const act of ownActs(procedure, 'copies').filter((one) => isDatabaseFile(one.file ?? ''))) {
      const frozen = actsOf(procedure, 'stops', 'fences').some(({ step }) => step.position < act.step.position);
      const fromBackup = /backup/i.test(act.file ?? '');
      if (frozen || fromBackup) continue;
      yield {
        path: act.step.path,
        message: `${act.step.id} copies ${act.file ?? ''} while it may be in use: the copy may hold half of a change`,
        hint: 'Stop the writers first, or use the backup API or VACUUM INTO.',
      };
    }
  }
}

export const exportIncomplete: Rule = {
  code: 'order.export_incomplete',
  onePerPlace: true,
  severity: 'warning',
  title: '`kubectl get all` does not export all',
  why: `"all" is a fixed list of a few kinds: config maps, secrets, ingresses, service accounts, roles, custom resources and volumes are not in it. A cluster
that is rebuilt from such an export lacks them, and says nothing.`,
  bad: `command: kubectl get all -n shop -o yaml > cluster.yaml`,
  good: `command: kubectl get $(kubectl api-resources --verbs=list --namespaced -o name | paste -sd,) -n shop -o yaml > cluster.yaml`,
  *find(facts) {
    const missing = (act: Act): boolean => act.kind === 'exports' && (act.detail ?? '').split(',').includes('all');
    for (const artifact of artifactsOf(facts)) {
      if (artifact.acts.some(missing) || coversAll(artifact))
        yield { path: artifact.path, ...said(`the export of ${artifact.asset}`) };
    }
    for (const procedure of facts.procedures.all) {
      for (const act of procedure.acts.filter(missing)) yield { path: act.step.path, ...said(act.step.id) };
    }
  },
};

const coversAll = ({ written }: Artifact): boolean =>
  written['command'] === undefined &&
  Array.isArray(written['covers']) &&
  written['covers'].includes('all') &&
  written['method'] === 'export';

const said = (who: string): { message: string; hint: string } => ({
  message: `${who} uses \`kubectl get all\`, which leaves out most kinds (custom resources, roles, service accounts, network policies, …)`,
  hint: 'Export every kind that `kubectl api-resources --verbs=list` names, or keep the manifests in Git.',
});

export const plainSecrets: Rule = {
  code: 'order.plain_secrets',
  onePerPlace: true,
  severity: 'error',
  title: 'Secrets lie in a backup as plain text',
  why: `An export of Kubernetes secrets is base64, which everybody reads. Whoever reads the bucket owns the database, the mail and the cloud account. Seal the
export, or leave secrets out and keep them where they come from.`,
  bad: `artifacts: { export: { command: "kubectl get configmaps,secrets -o yaml > cluster.yaml" } }`,
  good: `artifacts: { export: { command: "kubectl get configmaps -o yaml > cluster.yaml", secrets: none } }`,
  *find(facts) {
    for (const artifact of artifactsOf(facts)) {
      const kinds = artifact.acts.flatMap(({ kind, detail }) => (kind === 'exports' ? (detail ?? '').split(',') : []));
      const sealed =
        artifact.written['secrets'] === 'sealed' ||
        artifact.written['secrets'] === 'none' ||
        Boolean(artifact.written['encrypted']);
      const plain = artifact.written['secrets'] === 'plain' || kinds.some((kind) => /^secrets?$/.test(kind));
      if (!plain || (sealed && artifact.written['secrets'] !== 'plain')) continue;
      yield {
        path: artifact.path,
        message: `the ${artifact.format ?? 'export'} of ${artifact.asset} holds secrets in plain text${artifact.store === undefined ? '' : `, in ${artifact.store}`}`,
        hint: 'Seal it before it leaves the machine, or leave secrets out and restore them from their source.',
      };
    }
  },
};

export const pitrWithoutLog: Rule = {
  code: 'order.pitr_without_log',
  onePerPlace: true,
  severity: 'error',
  title: 'Recovery to a point in time is claimed, and no log is kept for it',
  why: `A dump can be restored to the moment at which it was taken, and to no other. Recovery to any moment replays the write-ahead log from a base backup on; if
nothing ships the log, there is nothing to replay, whatever the procedure is called.`,
  bad: `policies: { database: { every: 1d, keep: { pitr: 7d } } }`,
  good: `policies: { database: { every: 1d, stream: { to: [near] }, keep: { pitr: 7d } } }`,
  *find(facts) {
    for (const [name] of facts.written.entries('policies')) {
      const users = [...facts.plan.assets.values()].filter(({ policy }) => policy === name).map((asset) => asset.name);
      if (!facts.written.has(['policies', name, 'keep', 'pitr']) || hasLog(facts, name, users)) continue;
      yield {
        path: ['policies', name, 'keep', 'pitr'],
        message: `the policy ${name} keeps ${listed(users) || 'nothing'} for recovery to a point in time, but streams no log`,
        hint: 'Add stream: { to: [STORE] }, or take pitr away.',
      };
    }
    yield* claims(facts);
  },
};

export const logWithoutPoints: Rule = {
  code: 'order.log_without_points',
  onePerPlace: true,
  severity: 'warning',
  title: 'A log goes into a store that gets no points',
  why: `A log is replayed from a recovery point on. A restore reads both from one store, so that a store with the log alone restores nothing: it costs
requests and space, looks like one more copy, and is none.`,
  bad: `policies: { database: { every: 1d, to: [near], stream: { to: [near, far] } } }`,
  good: `policies: { database: { every: 1d, to: [near], copy: { to: [far] }, stream: { to: [near, far] } } }`,
  *find(facts) {
    for (const policy of facts.plan.policies.values()) {
      const users = [...facts.plan.assets.values()].filter((asset) => asset.policy === policy.name);
      if (users.length === 0) continue;
      for (const store of streamedWithoutPoints(policy)) {
        yield {
          path: ['policies', policy.name, 'stream', 'to'],
          message: `the log of ${listed(users.map(({ name }) => name))} goes into ${store}, and no recovery point does: nothing can be restored from there`,
          hint: `Write ${store} into to or copy.to of the policy ${policy.name}, or take it out of stream.to.`,
        };
      }
    }
  },
};

const claim = /point[- ]in[- ]time|\bPITR\b/i;

function* claims(facts: Facts): Iterable<Found> {
  for (const { scenario, path, acts, steps } of facts.procedures.all) {
    const words = ['about', 'goal', 'answers', 'trigger'].map((key) => facts.written.text([...path, key]) ?? '');
    const titles = steps.map(({ written }) => (typeof written['title'] === 'string' ? written['title'] : ''));
    const managed = acts.some(({ kind, detail }) => kind === 'restores' && detail?.includes('point-in-time') === true);
    if (managed || ![scenario.name.replaceAll('_', ' '), ...words, ...titles].some((text) => claim.test(text)))
      continue;
    for (const asset of new Set(
      acts.filter(({ kind }) => kind === 'restores').map(({ what }) => what.replace(/^asset:/, '')),
    )) {
      const policy = facts.plan.assets.get(asset)?.policy;
      if (!facts.plan.assets.has(asset) || (policy !== undefined && hasLog(facts, policy, [asset]))) continue;
      yield {
        path,
        message: `${scenario.name} is called a recovery to a point in time, but no log of ${asset} is kept: it restores the newest backup and nothing after it`,
        hint: `Stream the log of ${asset}, or call the procedure what it is.`,
      };
    }
  }
}

function hasLog(facts: Facts, policy: string, assets: readonly string[]): boolean {
  if (facts.written.texts(['policies', policy, 'stream', 'to']).length > 0)
    return facts.written.at(['policies', policy, 'stream', 'optional']) !== true;
  return artifactsOf(facts).some(
    ({ asset, format, written }) =>
      assets.includes(asset) &&
      (format === 'wal' || written['method'] === 'log' || written['method'] === 'managed') &&
      written['optional'] !== true,
  );
}
