import { artifactsOf, bucketName, canBe, nameOf, type Artifact } from '../../facts/artifacts.ts';
import { bucketOf } from '../../facts/commands/clouds.ts';
import type { Path } from '../../../document.ts';
import type { Act } from '../../facts/commands/act.ts';
import { looseActs } from '../../facts/loose-commands.ts';
import type { Facts } from '../../facts/facts.ts';
import { actsOf, ownActs, type PlacedAct, type Procedure } from '../../facts/procedures.ts';
import type { Found, Rule } from '../../rule.ts';
import { listed } from '../../words.ts';

export const fileNobodyMakes: Rule = {
  code: 'order.file_nobody_makes',
  onePerPlace: true,
  severity: 'error',
  title: 'A step takes a file that nothing makes',
  why: `Backups are written under one name and fetched under another: \`backup-latest.sql.gz\` where only \`backup-2026-02-18.sql.gz\` exists; one name downloaded
and another restored; one bucket written and another read. Each is a command that fails at the worst moment.`,
  bad: `assets:
  orders: { …, artifacts: { dump: { file: orders-YYYY-MM-DD.sql.gz, store: far } } }
scenarios:
  lost: { steps: [{ fetch: { asset: orders, store: far, file: orders-latest.sql.gz } }] }`,
  good: `assets:
  orders: { …, artifacts: { dump: { file: orders-YYYY-MM-DD.sql.gz, store: far } } }
scenarios:
  lost: { steps: [{ fetch: { asset: orders, store: far, file: orders-YYYY-MM-DD.sql.gz } }] }`,
  *find(facts) {
    const artifacts = artifactsOf(facts);
    for (const procedure of facts.procedures.all) {
      for (const act of ownActs(procedure, 'downloads')) yield* fetched(facts, { ...act, ...act.step }, artifacts);
      yield* usedUnderAnotherName(procedure);
    }
    for (const { name, path, acts } of looseActs(facts)) {
      for (const act of acts.filter(({ kind }) => kind === 'downloads'))
        yield* fetched(facts, { ...act, id: name, path }, artifacts);
    }
  },
};

/** Who downloads, and where that stands. */
type Download = Act & { readonly id: string; readonly path: Path };

function* fetched(facts: Facts, act: Download, artifacts: readonly Artifact[]): Iterable<Found> {
  const file = act.file ?? '';
  const base = nameOf(file);
  const made = artifacts.filter(
    ({ file: pattern, asset }) => pattern !== undefined && (act.detail === undefined || act.detail === asset),
  );
  const known = made.length > 0 && base !== '' && base !== '.' && !file.endsWith('/');
  if (known && !made.some((one) => canBe(base, one.file ?? ''))) {
    yield {
      path: act.path,
      message: `${act.id} takes ${base}, but the backups are named ${listed(made.map((one) => nameOf(one.file ?? '')))}`,
      hint: 'Choose the file by the name that is written, or write the one that is taken.',
    };
  }
  yield* fromElsewhere(facts, act, made.length > 0 ? made : artifacts);
}

/** The place that is read is none of those that are written. */
function* fromElsewhere(facts: Facts, act: Download, made: readonly Artifact[]): Iterable<Found> {
  const places = new Set(made.flatMap((one) => placesOf(facts, one)));
  const from = act.what.startsWith('bucket:')
    ? bucketOf(act.file ?? '')
    : storePlace(facts, act.what.replace('store:', ''));
  // What a step of this scenario has copied there is there.
  if (places.size === 0 || from === '' || from.includes('$') || places.has(from) || from === '*') return;
  yield {
    path: act.path,
    message: `${act.id} reads from ${from}, but the backups are written to ${listed([...places])}`,
    hint: 'Name one place in both.',
  };
}

function placesOf(facts: Facts, artifact: Artifact): string[] {
  const stores = artifact.store === undefined ? [] : [storePlace(facts, artifact.store)];
  const policy = facts.plan.assets.get(artifact.asset)?.policy;
  const copies =
    policy === undefined
      ? []
      : [
          ...(facts.plan.policies.get(policy)?.copy?.to ?? []),
          ...(artifact.store === undefined ? (facts.plan.policies.get(policy)?.to ?? []) : []),
        ];
  return [...stores, ...copies.map((store) => storePlace(facts, store)), ...artifact.uploads.map(bucketOf)];
}

/** A bucket by its own name, so that commands and declarations compare. */
const storePlace = (facts: Facts, store: string): string => bucketName(facts, store) ?? store;

/** A file that was downloaded under one name is unpacked or loaded under another. */
function* usedUnderAnotherName(procedure: Procedure): Iterable<Found> {
  const there = actsOf(procedure, 'downloads').filter(({ file }) => file !== undefined && /\.\w+$/.test(nameOf(file)));
  if (there.length === 0) return;
  for (const act of ownActs(procedure, 'unpacks', 'imports', 'needs')) {
    const file = act.kind === 'needs' ? (act.what.startsWith('file:') ? act.what.slice(5) : undefined) : act.file;
    if (file === undefined || file.startsWith('s3://') || /[$*]/.test(file)) continue;
    const earlier = procedure.acts.filter(({ step }) => step.position <= act.step.position);
    const made = earlier.flatMap((one) => filesMade(one));
    if (made.some((name) => canBe(file, name) || canBe(name, file))) continue;
    yield {
      path: act.step.path,
      message: `${act.step.id} reads ${nameOf(file)}, but what was downloaded is ${listed([...new Set(there.map((one) => nameOf(one.file ?? '')))])}`,
      hint: 'Use one name from the download to the restore.',
    };
  }
}

/** What is there under which name after an act. */
function filesMade({ kind, file, detail, what }: PlacedAct): string[] {
  if (kind === 'makes' && what.startsWith('file:')) return [nameOf(what.slice(5))];
  if (file === undefined) return [];
  const name = nameOf(file);
  if (kind === 'downloads') return [name];
  if (kind === 'dumps') return [name];
  if (kind === 'unpacks')
    return [...(detail === undefined ? [] : [nameOf(detail)]), name.replace(/\.(gz|zst|bz2|xz)$/, '')];
  return kind === 'copies' && detail !== undefined ? [nameOf(detail)] : [];
}

export const wrongFormat: Rule = {
  code: 'order.wrong_format',
  onePerPlace: true,
  severity: 'error',
  title: 'A program is given a dump of a format that it cannot read',
  why: `pg_restore reads the custom, directory and tar formats of pg_dump; a plain SQL dump is loaded with psql. A compressed file has to be unpacked before
either. The wrong pair ends with "input file appears to be a text format dump", on the day.`,
  bad: `artifacts: { dump: { file: orders.sql.gz, format: sql, command: "pg_dump orders | gzip > orders.sql.gz" } }
steps: [{ restore: orders, program: pg_restore }]`,
  good: `artifacts: { dump: { file: orders.dump, format: custom, command: "pg_dump -Fc -f orders.dump orders" } }
steps: [{ restore: orders, program: pg_restore }]`,
  *find(facts) {
    const artifacts = artifactsOf(facts);
    for (const procedure of facts.procedures.all) {
      for (const step of procedure.steps) {
        const found = formatClash(
          step.written,
          artifacts,
          ownActs(procedure, 'imports').filter((act) => act.step === step),
        );
        if (found !== undefined) yield { path: step.path, message: `${step.id} ${found}`, hint: formatHint };
      }
    }
    for (const { name, path, acts } of looseActs(facts)) {
      const found = formatClash(
        {},
        artifacts,
        acts.filter(({ kind }) => kind === 'imports'),
      );
      if (found !== undefined) yield { path, message: `${name} ${found}`, hint: formatHint };
    }
  },
};

const formatHint = 'Dump with pg_dump -Fc, or load with psql -v ON_ERROR_STOP=1.';

function formatClash(
  written: Readonly<Record<string, unknown>>,
  artifacts: readonly Artifact[],
  imports: readonly Act[],
): string | undefined {
  const binary = imports.find(({ format }) => format === 'custom');
  const program = written['program'] ?? (binary === undefined ? undefined : 'pg_restore');
  const file = binary?.file ?? fileTaken(written);
  if (program === 'pg_restore' && file !== undefined && /\.sql(\.(gz|zst|bz2))?$/.test(file)) {
    return `gives ${nameOf(file)}, a plain SQL dump, to pg_restore, which cannot read it`;
  }
  const asset = assetOf(written);
  const own = artifacts.filter((one) => one.asset === asset && formatOf(one) !== undefined);
  if (program === 'pg_restore' && own.length > 0 && own.every((one) => formatOf(one) === 'sql')) {
    return `restores ${asset ?? ''} with pg_restore, but its backups are plain SQL`;
  }
  if (
    program === 'psql' &&
    own.length > 0 &&
    own.every((one) => ['custom', 'directory', 'tar'].includes(formatOf(one) ?? ''))
  ) {
    return `restores ${asset ?? ''} with psql, but its backups are in the ${String(formatOf(own[0] as Artifact))} format`;
  }
  return undefined;
}

const formatOf = (artifact: Artifact): string | undefined =>
  artifact.format ?? artifact.acts.find(({ kind }) => kind === 'dumps')?.format;

function fileTaken(written: Readonly<Record<string, unknown>>): string | undefined {
  const takes = written['takes'];
  const file = Array.isArray(takes)
    ? takes.find((one) => typeof one === 'string' && one.startsWith('file:'))
    : undefined;
  return typeof file === 'string' ? file.slice(5) : undefined;
}

function assetOf(written: Readonly<Record<string, unknown>>): string | undefined {
  const restore = written['restore'] ?? (written['import'] as unknown);
  if (typeof restore === 'string') return restore;
  const asset = typeof restore === 'object' && restore !== null && 'asset' in restore ? restore.asset : undefined;
  return typeof asset === 'string' ? asset : undefined;
}

export const copiesTooLate: Rule = {
  code: 'order.copies_too_late',
  onePerPlace: true,
  severity: 'error',
  title: 'Backups are brought back after the restore that needs them',
  why: `When the first site is gone, its store is empty until somebody copies the points back from the other one. A restore before that finds nothing.`,
  bad: `steps:
  - { call: cluster_lost }                       # restores from near
  - { replicate: { from: far, to: near } }`,
  good: `steps:
  - { replicate: { from: far, to: near } }
  - { call: cluster_lost }`,
  *find(facts) {
    for (const procedure of facts.procedures.all) {
      const restores = actsOf(procedure, 'restores', 'imports');
      for (const copy of ownActs(procedure, 'uploads')) {
        const back =
          copy.what.startsWith('store:') ||
          actsOf(procedure, 'downloads').some((one) => one.command !== undefined && one.command === copy.command);
        const [first] = restores;
        if (!back || first === undefined) continue;
        const served = restores.some(({ step }) => step.position > copy.step.position);
        if (served || first.step.position >= copy.step.position) continue;
        yield {
          path: copy.step.path,
          message: `${copy.step.id} brings backups back to ${storePlaceOf(copy)}, but the restore that needs them comes before it (${first.step.id})`,
          hint: `Move ${copy.step.id} before ${first.step.id}.`,
        };
      }
    }
  },
};

const storePlaceOf = ({ what, file }: PlacedAct): string =>
  what.startsWith('store:') ? what.slice(6) : (file ?? what);
