import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { callOf, readArguments } from '../shell/arguments.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import type { Statement } from '../shell/script.ts';
import { readCadence } from '../words/cadence.ts';
import type { World } from '../world.ts';
import { list, mapping, scalar, type MapNode, type PlanNode } from '../write/node.ts';
import { bucketSetting } from './bucket-settings.ts';
import { isPreparation, short } from './steps.ts';

/** Shell outside the procedures that makes copies, puts them away and clears them up: what it does is what the plan protects today. */
export function recogniseScripts(
  document: SourceDocument,
  draft: Draft,
  world: World,
  isProcedure: (line: number) => boolean,
): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code' || !isShell(block) || isProcedure(block.line)) continue;
      const reader = new ScriptReader(draft, world, { text: block.lead, line: block.line });
      const { statements, comments } = parseScript(block.text, block.line);
      const read = statements.filter((statement) => reader.read(statement));
      // What only prepares or reports is read with the lines that do the work.
      if (read.length === 0) continue;
      for (const { line, endLine } of statements.filter(isPreparation)) draft.used(line, endLine);
      for (const { line } of comments) draft.used(line);
    }
  }
}

class ScriptReader {
  readonly #draft: Draft;
  readonly #world: World;
  readonly #lead: { readonly text: string; readonly line: number };
  /** The files that this script has made, with the artifacts that they are. */
  readonly #made = new Map<string, MapNode>();

  constructor(draft: Draft, world: World, lead: { text: string; line: number }) {
    this.#draft = draft;
    this.#world = world;
    this.#lead = lead;
  }

  /** Whether the line is one that the import knows. */
  read(statement: Statement): boolean {
    for (const reader of [
      this.#dump,
      this.#otherDump,
      this.#live,
      this.#resources,
      this.#upload,
      this.#named,
      this.#clearUp,
      this.#bucket,
      this.#restic,
    ]) {
      if (reader.call(this, statement)) return true;
    }
    return false;
  }

  #dump(statement: Statement): boolean {
    const command = statement.commands.find(({ words }) => /^pg_dump(all)?$/.test(callOf(words).program));
    const file = fileOf(statement);
    if (command === undefined || file === undefined) return false;
    const { program, words } = callOf(command.words);
    const given = readArguments(words, ['-Fc', '-Ft', '-Fd', '-Fp', '-v', '-a', '-s', '-c', '-C', '-w', '-W', '-O']);
    const form = given.flag('-F', '--format') ?? words.find((word) => /^-F[cdtp]$/.test(word))?.slice(2) ?? 'p';
    const formats: Record<string, string> = {
      c: 'custom',
      custom: 'custom',
      t: 'tar',
      tar: 'tar',
      d: 'directory',
      directory: 'directory',
    };
    const database = program === 'pg_dumpall' ? undefined : (given.flag('-d', '--dbname') ?? given.words[0]);
    const asset = this.#world.postgres(statement.line, database?.startsWith('$') === true ? undefined : database);
    this.#artifact(asset, 'dump', file, statement, { format: scalar(formats[form] ?? 'sql'), method: scalar('dump') });
    return true;
  }

  /** `mysqldump shop > FILE`, `mongodump …`, `pg_basebackup -D FOLDER`, `velero backup create` */
  #otherDump(statement: Statement): boolean {
    for (const { words: written } of statement.commands) {
      const { program, words } = callOf(written);
      const base =
        program === 'pg_basebackup'
          ? readArguments(words, ['-P', '-Ft', '-z', '-R', '-v', '-X']).flag('-D', '--pgdata')
          : undefined;
      const file = base ?? (/^(mysqldump|mariadb-dump|mongodump)$/.test(program) ? fileOf(statement) : undefined);
      if (file === undefined) continue;
      const asset =
        program === 'pg_basebackup' ? this.#world.postgres(statement.line) : this.#world.database(statement.line);
      const settings =
        base === undefined
          ? { format: scalar(program === 'mongodump' ? 'other' : 'sql'), method: scalar('dump') }
          : { format: scalar('directory'), method: scalar('base') };
      this.#artifact(asset, base === undefined ? 'dump' : 'base', file, statement, settings);
      return true;
    }
    return false;
  }

  /** A file of SQLite that is copied, or saved by its own program. */
  #live(statement: Statement): boolean {
    for (const command of statement.commands) {
      const { program, words } = callOf(command.words);
      const given = readArguments(words, ['-c', '-k', '-r', '-a', '-p', '-f', '-czf', '-cf']);
      const source = [...given.words, ...command.reads].find((word) => /\.(db|sqlite3?)$/.test(word));
      if (source === undefined || !['gzip', 'cp', 'tar', 'zstd', 'rsync', 'cat', 'sqlite3'].includes(program)) continue;
      const online = program === 'sqlite3';
      if (online && !/\.backup|vacuum\s+into/i.test(words.join(' '))) continue;
      const file = online
        ? /(?:\.backup|into)\s+['"]?([^'"\s]+)/i.exec(words.join(' '))?.[1]
        : (fileOf(statement) ?? given.words.at(-1));
      if (file === undefined || file === source) continue;
      const asset = this.#world.sqlite(source, statement.line);
      this.#artifact(asset, 'copy', file, statement, {
        format: scalar('sqlite'),
        method: scalar(online ? 'online' : 'copy'),
        ...(online ? {} : { live: scalar(true) }),
      });
      return true;
    }
    return false;
  }

  /** `kubectl get … -o yaml > FILE` */
  #resources(statement: Statement): boolean {
    const command = statement.commands.find(
      ({ words }) => callOf(words).program === 'kubectl' && words.includes('get'),
    );
    const file = statement.commands.flatMap(({ writes }) => writes)[0];
    if (command === undefined || file === undefined) return false;
    const given = readArguments(callOf(command.words).words, ['-A', '--all-namespaces']);
    const kinds = (given.words[1] ?? '').split(',').filter((kind) => kind !== '');
    const namespace = given.flag('-n', '--namespace');
    const asset = this.#world.asset('kubernetes', 'kubernetes_resources', statement.line, {
      ...(namespace === undefined ? {} : { namespaces: list([scalar(namespace)]) }),
      ...(kinds.length === 0 ? {} : { kinds: list(kinds.map((kind) => scalar(kind))) }),
    });
    this.#artifact(asset, 'export', file, statement, {
      format: scalar('yaml'),
      method: scalar('export'),
      ...(kinds.some((kind) => /^secrets?$/.test(kind)) ? { secrets: scalar('plain') } : {}),
    });
    return true;
  }

  #upload(statement: Statement): boolean {
    const { program, words } = callOf(statement.commands[0]?.words ?? []);
    const given = readArguments(words, ['--recursive', '--quiet', '--delete']);
    const [service, verb, from = '', to = ''] = given.words;
    if (program !== 'aws' || service !== 's3' || !['cp', 'sync', 'mv'].includes(verb ?? '') || !to.startsWith('s3://'))
      return false;
    const store = this.#world.bucket(to, statement.line, given.flag('--region'));
    const prefix = to.replace(/^s3:\/\/[^/]*\/?/, '');
    const artifact = this.#made.get(from);
    if (artifact !== undefined) {
      artifact.entries.set('store', scalar(store, statement.line));
      if (prefix !== '') artifact.entries.set('prefix', scalar(prefix));
    }
    this.#draft.understood(statement.line, `copies go to ${to}`, statement.endLine);
    return true;
  }

  /** A copy that is looked at or fetched by a name with a day in it: so copies are named. */
  #named(statement: Statement): boolean {
    const { program, words } = callOf(statement.commands[0]?.words ?? []);
    const [service, verb, url = ''] = readArguments(words, ['--recursive', '--human-readable']).words;
    if (program !== 'aws' || service !== 's3' || (verb !== 'ls' && verb !== 'cp') || !url.startsWith('s3://'))
      return false;
    const store = this.#world.bucket(url, statement.line);
    const name = url.split('/').at(-1) ?? '';
    const pattern = patternOf(name);
    if (verb === 'cp' && pattern !== undefined && /\.(sql|dump)\b/.test(name)) {
      const node = mapping({
        file: scalar(pattern, statement.line, `guessed from ${name}`),
        format: scalar(/\.sql\b/.test(name) ? 'sql' : 'custom'),
        ...(/\.gz\b/.test(name) ? { compressed: scalar('gzip') } : {}),
        ...(/\.(enc|gpg|age)$/.test(name) ? { encrypted: scalar(true) } : {}),
        method: scalar('dump'),
        store: scalar(store),
      });
      this.#world.artifact(this.#world.database(statement.line), 'dump', node);
    }
    this.#draft.understood(statement.line, `copies lie in ${url}`, statement.endLine);
    return true;
  }

  /** `find FOLDER -name "…" -mtime +30 -delete` */
  #clearUp(statement: Statement): boolean {
    const { program, words } = callOf(statement.commands[0]?.words ?? []);
    const days = /^\+(\d{1,5})$/.exec(words[words.indexOf('-mtime') + 1] ?? '')?.[1];
    if (program !== 'find' || days === undefined || !(words.includes('-delete') || words.includes('rm'))) return false;
    const pattern = words[words.indexOf('-name') + 1] ?? '';
    for (const [file, artifact] of this.#made) {
      if (words[0] !== undefined && file.startsWith(words[0]))
        artifact.entries.set('keep', scalar(`${days}d`, statement.line));
    }
    this.#draft.understood(statement.line, `files ${pattern} are deleted after ${days} days`, statement.endLine);
    return true;
  }

  #bucket(statement: Statement): boolean {
    const { program, words } = callOf(statement.commands[0]?.words ?? []);
    const given = readArguments(words);
    const [service, verb = '', url = ''] = given.words;
    if (program !== 'aws') return false;
    if (service === 's3' && verb === 'mb') {
      const store = this.#world.bucket(url, statement.line, given.flag('--region'));
      this.#world.storage.push({ store, line: statement.line });
      this.#draft.understood(statement.line, `the bucket ${url.replace('s3://', '')} is made here`);
      return true;
    }
    const bucket = given.flag('--bucket');
    if (service !== 's3api' || bucket === undefined) return false;
    const store = this.#world.bucket(bucket, statement.line, given.flag('--region'));
    const setting = bucketSetting(verb, given.flag, statement.line);
    if (setting === undefined) return false;
    this.#world.add('stores', store, setting.key, setting.node);
    this.#draft.understood(statement.line, `${setting.key} of the store ${store}`, statement.endLine);
    return true;
  }

  /** `restic -r REPOSITORY backup PATH` */
  #restic(statement: Statement): boolean {
    const { program, words } = callOf(statement.commands[0]?.words ?? []);
    const given = readArguments(words, ['-v', '--verbose', '--quiet', '-q']);
    if (program !== 'restic' || given.words[0] !== 'backup') return false;
    for (const path of given.words.slice(1)) {
      const asset = this.#world.files(path, statement.line);
      this.#artifact(asset, 'restic', given.flag('-r', '--repo') ?? 'restic', statement, {
        format: scalar('files'),
        method: scalar('sync'),
      });
    }
    return true;
  }

  #artifact(
    asset: string,
    wanted: string,
    file: string,
    statement: Statement,
    settings: Record<string, PlanNode>,
  ): void {
    const name = file.split('/').at(-1) ?? file;
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : undefined;
    const cadence = readCadence(this.#lead.text);
    const compressed = /\.gz(\.|$)/.test(name) ? 'gzip' : /\.zst(\.|$)/.test(name) ? 'zstd' : undefined;
    const node = mapping(
      {
        file: scalar(name, statement.line),
        ...settings,
        ...(compressed === undefined ? {} : { compressed: scalar(compressed) }),
        ...(/\.(enc|gpg|age)$/.test(name) ? { encrypted: scalar(true) } : {}),
        ...(folder === undefined || folder === '' ? {} : { folder: scalar(folder) }),
        ...(cadence === undefined ? {} : { every: scalar(cadence.words, this.#lead.line - 2, `"${this.#lead.text}"`) }),
        command: scalar(statement.raw, statement.line),
      },
      statement.line,
    );
    if (cadence !== undefined) this.#draft.used(this.#lead.line - 2, this.#lead.line - 1);
    this.#world.artifact(asset, wanted, node);
    this.#made.set(file, node);
    this.#draft.understood(statement.line, `"${short(statement.raw)}" makes copies of ${asset}`, statement.endLine);
  }
}

/** `backup-2024-01-15.sql.gz` is `backup-YYYY-MM-DD.sql.gz`; undefined when no day stands in the name. */
function patternOf(name: string): string | undefined {
  const pattern = name
    .replace(/\d{4}-\d{2}-\d{2}/, 'YYYY-MM-DD')
    .replace(/(?<!\d)20\d{6}(?!\d)/, 'YYYYMMDD')
    .replace(/(?<=YYYYMMDD[_T-]?)\d{6}(?!\d)/, 'HHMMSS');
  return pattern === name ? undefined : pattern;
}

const fileOf = (statement: Statement): string | undefined => {
  const written = statement.commands.flatMap(({ writes }) => writes)[0];
  if (written !== undefined) return written;
  const given = statement.commands.map(({ words }) => readArguments(callOf(words).words).flag('-f', '--file'));
  return given.find((file) => file !== undefined);
};
