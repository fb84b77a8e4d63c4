import { parseArgs } from 'node:util';
import { endProcesses, formatDuration, LifeboatError, systemClock } from '../../src/core/index.ts';
import { supportedMajors } from '../../src/assets/postgres/server/index.ts';
import { makeFolder, removeFolder } from '../folder.ts';
import { describeMachine } from '../machine.ts';
import { installPeers } from '../packages.ts';
import { playAll, type Outcome } from './disasters.ts';
import { scenes } from './scenes/index.ts';
import { tableOf } from './table.ts';

export const usage = `npm run bench -- postgres [OPTIONS]
  Plays disasters on PostgreSQL by the command line and measures what was lost and how long it took. Exit code 1 if one verdict fails.
  --json              standard output ends with one line of JSON
  --versions 15,18    of ${supportedMajors.join(', ')}; default: 15, 17 and 18
  --only A,B          of the disasters ${scenes.map(({ name }) => name).join(', ')}
  --seconds N         how long the load runs before each disaster; default: 5
  --folder DIR        make the temporary folder here
  --no-install        do not install PostgreSQL 15, whose pgbench is needed
`;

const usualMajors = [15, 17, 18];
/** A cluster, a store and two restored copies, of one disaster at a time. */
const bytesNeeded = 1.5e9;

/** 0: every verdict is pass; 1: one is not; 2 (thrown): called wrongly. */
export async function benchPostgres(words: readonly string[], signal: AbortSignal): Promise<number> {
  const options = readOptions(words);
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const startedMs = systemClock.elapsed();
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const missing = await installPeers(options.install, say, signal);
  const why = missing.get('pgbench');
  if (why !== undefined) throw new LifeboatError('asset.tool_missing', `pgbench is not there: ${why}`);
  const machine = await describeMachine(signal);
  const folder = await makeFolder(options.folder, bytesNeeded);
  let outcomes: Outcome[];
  try {
    outcomes = await playAll({ ...options, folder, signal, say });
  } finally {
    // Whatever still works in our folder was started by us, and an interruption came before its end was seen to.
    await endProcesses(({ folder: at }) => at?.startsWith(`${folder}/`) === true);
    await removeFolder(folder);
  }
  const verdict =
    outcomes.length > 0 &&
    outcomes.every((one) => one.verdict !== 'fail') &&
    outcomes.some((one) => one.verdict === 'pass')
      ? 'pass'
      : 'fail';
  say(`Done in ${formatDuration(systemClock.elapsed() - startedMs)}.`);
  process.stdout.write(tableOf(outcomes));
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ verdict, results: outcomes.map(resultOf), scenarios: outcomes, machine })}\n`,
    );
  return verdict === 'pass' ? 0 : 1;
}

/** As every bench says it. */
const resultOf = ({ disaster, major, rtoSeconds, rpoSeconds, verdict }: Outcome) => ({
  tool: 'lifeboat',
  work: `${disaster}-${major}`,
  seconds: rtoSeconds ?? null,
  rpoSeconds: rpoSeconds ?? null,
  verdict,
});

function readOptions(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    json: flag,
    help: flag,
    'no-install': flag,
    versions: text,
    only: text,
    seconds: text,
    folder: text,
  };
  const values = parse();
  if (values.help === true) return undefined;
  const majors = listed('versions', values.versions, supportedMajors.map(String))?.map(Number) ?? usualMajors;
  const names = listed(
    'only',
    values.only,
    scenes.map(({ name }) => name),
  );
  const seconds = Number(values.seconds ?? '5');
  if (!(seconds >= 1))
    throw new LifeboatError('input.flag', `--seconds must be a number of at least 1, not "${values.seconds}"`);
  return {
    majors,
    scenes: names === undefined ? scenes : scenes.filter(({ name }) => names.includes(name)),
    seconds,
    folder: values.folder,
    json: values.json === true,
    install: values['no-install'] !== true,
  };

  function parse() {
    try {
      return parseArgs({ args: [...words], options }).values;
    } catch (error) {
      throw new LifeboatError('input.flag', (error as Error).message, { hint: usage, cause: error });
    }
  }
}

function listed(option: string, value: string | undefined, known: readonly string[]): string[] | undefined {
  if (value === undefined) return undefined;
  const words = value.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined && words.length > 0) return words;
  throw new LifeboatError('input.flag', `--${option} knows no "${unknown ?? ''}"`, {
    hint: `It knows: ${known.join(', ')}`,
  });
}
