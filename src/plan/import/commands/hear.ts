import { callOf } from '../shell/arguments.ts';
import type { Command, Statement } from '../shell/script.ts';
import type { World } from '../world.ts';
import { list, mapping, scalar } from '../write/node.ts';
import type { Act, Hear } from './act.ts';
import { hearAws, hearEksctl, hearHelm, hearTerraform } from './clouds.ts';
import { hearCreateDatabase, hearDropDatabase, hearPgDump, hearPgRestore, hearPsql, hearSqlite } from './databases.ts';
import { hearDocker, hearMysql, hearRestic, hearVelero } from './containers.ts';
import { hearKubectl } from './kubectl.ts';
import { hearCopy, hearCurl, hearScript, hearSystemctl, hearUnpack } from './machines.ts';

/** Each program that the import has a word for. A new one is a function and a line here. */
const programs: Readonly<Record<string, Hear>> = {
  kubectl: hearKubectl,
  oc: hearKubectl,
  psql: hearPsql,
  pg_dump: hearPgDump,
  pg_restore: hearPgRestore,
  createdb: hearCreateDatabase,
  dropdb: hearDropDatabase,
  sqlite3: hearSqlite,
  aws: hearAws,
  terraform: hearTerraform,
  tofu: hearTerraform,
  helm: hearHelm,
  eksctl: hearEksctl,
  velero: hearVelero,
  docker: hearDocker,
  'docker-compose': hearDocker,
  podman: hearDocker,
  restic: hearRestic,
  mysql: hearMysql,
  mariadb: hearMysql,
  systemctl: hearSystemctl,
  curl: hearCurl,
  cp: hearCopy,
  gunzip: hearUnpack,
  gzip: hearUnpack,
  zcat: hearUnpack,
};

/** What a line of shell does, as a step: by the last of its commands that the plan has a word for. Undefined: by none. */
export function hearStatement(statement: Statement, world: World): Act | undefined {
  for (const command of statement.commands.toReversed()) {
    const act = hearCommand(command, command.words, statement, world);
    if (act !== undefined) return act;
  }
  return undefined;
}

/** The step for a line that the plan has no word for: it is run as it stands. */
export function plainAct(statement: Statement): Act {
  const [only] = statement.commands;
  const words = statement.needsShell || only === undefined ? ['sh', '-c', statement.raw] : only.words;
  return { kind: 'exec', settings: words.length === 0 ? mapping({}) : list(words.map((word) => scalar(word))) };
}

function hearCommand(
  command: Command,
  written: readonly string[],
  statement: Statement,
  world: World,
): Act | undefined {
  const { program, words } = callOf(written);
  const hear = Object.hasOwn(programs, program) ? programs[program] : isScript(program) ? hearScript : undefined;
  const again = (inner: readonly string[]): Act | undefined =>
    inner.length < written.length ? hearCommand(command, inner, statement, world) : undefined;
  return hear?.({ command, program, words, statement, line: statement.line, world, again });
}

const isScript = (program: string): boolean => /\.(sh|bash|ps1|py|rb|pl)$/.test(program);
