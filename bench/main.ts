import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration, LifeboatError, messageOf, systemClock, toLifeboatError } from '../src/core/index.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { describeMachine } from './machine.ts';
import { readOptions, usage, type Options, type SuiteName } from './options.ts';
import { plot } from './output/plot.ts';
import { resultsOf } from './output/results.ts';
import { markdown, type Outcome } from './output/table.ts';
import { judge } from './output/targets.ts';
import { installPeers } from './packages.ts';
import type { Bench } from './record.ts';
import { filesSuite } from './suites/files.ts';
import { postgresSuite } from './suites/postgres.ts';
import { sqliteSuite } from './suites/sqlite.ts';
import { startSuite } from './suites/start.ts';
import { treeSuite } from './suites/trees.ts';

const resultsFolder = join(import.meta.dirname, 'results');

const suites: Readonly<Record<SuiteName, (bench: Bench) => Promise<void>>> = {
  start: startSuite,
  postgres: postgresSuite,
  files: (bench) => treeSuite(bench, filesSuite(bench.options.files)),
  sqlite: (bench) => treeSuite(bench, sqliteSuite(bench.options.sqliteBytes)),
};

/** 0: every work of every tool that is here was done; 1: one failed; 2: the bench was called wrongly. */
async function main(words: readonly string[]): Promise<number> {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => stopping.abort(new LifeboatError('operation.cancelled', `stopped by ${name}`)));
  try {
    const options = readOptions(words);
    if (options === 'help') {
      process.stdout.write(usage);
      return 0;
    }
    const outcome = await measureAll(options, stopping.signal);
    await publish(outcome, options.json);
    return outcome.omissions.some(({ failed }) => failed) ? 1 : 0;
  } catch (error) {
    const { message, hint, exitCode } = toLifeboatError(error);
    process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `${hint}\n`}`);
    return exitCode;
  }
}

async function measureAll(options: Options, signal: AbortSignal): Promise<Outcome> {
  const startedMs = systemClock.elapsed();
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const missing = await installPeers(options.install, say);
  const machine = await describeMachine(signal);
  const folder = await makeFolder(options.folder, bytesNeeded(options));
  const bench: Bench = { options, folder, signal, missing, samples: [], omissions: [], say };
  try {
    for (const suite of options.suites) {
      try {
        await suites[suite](bench);
      } catch (error) {
        signal.throwIfAborted();
        // What the other suites measured is not lost for it; the exit code and the results name it.
        bench.omissions.push({ tool: suite, reason: messageOf(error), failed: true });
        say(`${suite}: FAILED: ${messageOf(error)}`);
      }
    }
  } finally {
    await removeFolder(folder);
  }
  say(`Done in ${formatDuration(systemClock.elapsed() - startedMs)}.`);
  const { repetitions, scale, documents, files, sqliteBytes, quick } = options;
  const results = resultsOf(bench.samples);
  const settings = { quick, repetitions, scale, documents, files, sqliteBytes };
  return { machine, settings, results, targets: judge(results), omissions: bench.omissions };
}

/** Source, two plain copies, the packed ones, one restored; a database of 20 MB for each of pgbench's scale. */
const bytesNeeded = ({ scale, files, sqliteBytes }: Options): number =>
  Math.max(scale * 20e6 * 6, files * 10_000 * 4, sqliteBytes * 6);

async function publish(outcome: Outcome, json: boolean): Promise<void> {
  await mkdir(resultsFolder, { recursive: true });
  const table = markdown(outcome);
  await writeFile(join(resultsFolder, 'results.md'), `${table}\n![Bars](results.svg)\n`);
  await writeFile(join(resultsFolder, 'results.svg'), plot(outcome.results));
  const { machine, settings, results, targets, omissions } = outcome;
  const object = { results, targets, omissions, settings, machine };
  await writeFile(join(resultsFolder, 'results.json'), `${JSON.stringify(object, undefined, 2)}\n`);
  process.stderr.write(`Written to ${resultsFolder}: results.md, results.svg, results.json\n`);
  process.stdout.write(json ? `${JSON.stringify(object)}\n` : `\n${table}`);
}

// Last, because what stands above it must be there when it runs.
process.exitCode = await main(process.argv.slice(2));
