import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installSignals } from '../src/cli/signals.ts';
import { endProcesses, formatDuration, messageOf, systemClock, toLifeboatError } from '../src/core/index.ts';
import { makeDatabase, sharedDatabase } from './database.ts';
import { benchPostgres } from './disasters/main.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { describeMachine } from './machine.ts';
import { readOptions, suiteNames, usage, type Options, type SuiteName } from './options.ts';
import { plot } from './output/plot.ts';
import { resultsOf } from './output/results.ts';
import { captionOf, markdown, profileMarkdown, type Outcome } from './output/document.ts';
import { judge, type Verdict } from './output/targets.ts';
import { installPeers } from './packages.ts';
import type { Profile } from './profile/profile.ts';
import type { Bench } from './record.ts';
import { filesSuite } from './suites/files.ts';
import { growthSuite } from './suites/growth.ts';
import { memorySuite } from './suites/memory.ts';
import { postgresSuite } from './suites/postgres.ts';
import { pruneSuite } from './suites/prune.ts';
import { s3Suite } from './suites/s3.ts';
import { sqliteSuite } from './suites/sqlite.ts';
import { startSuite } from './suites/start.ts';
import { tenSuite } from './suites/ten.ts';
import { treeSuite } from './suites/trees.ts';
import { walSuite } from './suites/wal.ts';
import type { Work } from './tool.ts';

const suites: Readonly<Record<SuiteName, (bench: Bench) => Promise<void>>> = {
  start: startSuite,
  postgres: postgresSuite,
  files: (bench) => treeSuite(bench, filesSuite(bench.options.files)),
  ten: tenSuite,
  wal: walSuite,
  sqlite: (bench) => treeSuite(bench, sqliteSuite(bench.options.sqliteBytes)),
  s3: s3Suite,
  prune: pruneSuite,
  growth: growthSuite,
  memory: memorySuite,
};

/** 0: every work of every tool that is here was done; 1: one failed; 2: the bench was called wrongly. */
async function main(words: readonly string[]): Promise<number> {
  const signal = installSignals(process);
  try {
    if (words[0] === 'postgres') return await benchPostgres(words.slice(1), signal);
    const options = readOptions(words);
    if (options === 'help') {
      process.stdout.write(usage);
      return 0;
    }
    const outcome = await measureAll(options, signal);
    await publish(outcome, options);
    return outcome.omissions.some(({ failed }) => failed) ? 1 : 0;
  } catch (error) {
    const { message, hint, exitCode } = toLifeboatError(error);
    process.stderr.write(`error: ${message}\n${hint === undefined || signal.aborted ? '' : `${hint}\n`}`);
    return exitCode;
  }
}

async function measureAll(options: Options, signal: AbortSignal): Promise<Outcome> {
  const startedMs = systemClock.elapsed();
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const missing = await installPeers(options.install, say, signal);
  const machine = await describeMachine(signal);
  const folder = await makeFolder(options.folder, bytesNeeded(options));
  const database = sharedDatabase(async () => {
    say(`PostgreSQL: making a database of pgbench scale ${options.scale} and ${options.documents} documents`);
    const place = join(folder, 'database');
    await mkdir(place, { mode: 0o755 });
    return makeDatabase(place, options, signal);
  });
  const common = { options, folder, signal, missing, omissions: [], database, say };
  const bench: Bench = { ...common, samples: [], profiling: undefined };
  const profiles: Profile[] = [];
  try {
    if (options.profile === undefined) await runSuites(bench, options.suites);
    const works = options.profile ?? (options.explain ? worksMissed(judge(resultsOf(bench.samples))) : []);
    if (works.length > 0) await explain(bench, works, profiles);
  } finally {
    await database.end();
    // Whatever still works in our folder was started by us, and an interruption came before its end was seen to.
    await endProcesses(({ folder: at }) => at?.startsWith(`${folder}/`) === true);
    await removeFolder(folder);
  }
  say(`Done in ${formatDuration(systemClock.elapsed() - startedMs)}.`);
  const { repetitions, scale, documents, files, sqliteBytes, s3Bytes, memorySizes, quick } = options;
  const results = resultsOf(bench.samples);
  const sizes = { sqliteBytes, s3Bytes, memorySizes: memorySizes.join(' ') };
  const settings = { quick, repetitions, scale, documents, files, ...sizes };
  return { machine, settings, results, targets: judge(results), omissions: bench.omissions, profiles };
}

async function runSuites(bench: Bench, names: readonly SuiteName[]): Promise<void> {
  for (const suite of names) {
    try {
      await suites[suite](bench);
    } catch (error) {
      bench.signal.throwIfAborted();
      // What the other suites measured is not lost for it; the exit code and the results name it.
      bench.omissions.push({ tool: suite, reason: messageOf(error), failed: true });
      bench.say(`${suite}: FAILED: ${messageOf(error)}`);
    }
  }
}

/** Our side of these works once more, with the profiler on; its figures go nowhere else. */
async function explain(bench: Bench, works: readonly Work[], profiles: Profile[]): Promise<void> {
  bench.say(`Where the time goes in ${works.join(', ')}`);
  const options = { ...bench.options, tools: ['lifeboat'], repetitions: 1 };
  const profiling = { works, profiles };
  await runSuites({ ...bench, options, samples: [], profiling }, [...new Set(works.map(suiteOf))]);
  profiles.sort((one, other) => works.indexOf(one.work) - works.indexOf(other.work));
}

const worksMissed = (verdicts: readonly Verdict[]): Work[] => {
  const missed = verdicts.filter(({ reached }) => reached === false).flatMap(({ work }) => work ?? []);
  return [...new Set(missed)];
};

function suiteOf(work: Work): SuiteName {
  const name = work.split('-')[0] as string;
  return (suiteNames as readonly string[]).includes(name) ? (name as SuiteName) : 'postgres';
}

/** Source, two plain copies, the packed ones, one restored; a database of 20 MB for each of pgbench's scale. */
function bytesNeeded({ suites: wanted, profile, scale, files, sqliteBytes, s3Bytes, memorySizes }: Options): number {
  const needs: Readonly<Record<SuiteName, number>> = {
    start: 0,
    postgres: scale * 20e6 * 6,
    ten: scale * 20e6 * 4,
    files: files * 10_000 * 4,
    wal: 10e9,
    sqlite: sqliteBytes * 6,
    s3: s3Bytes * 3,
    prune: 500e6,
    growth: 15e9,
    memory: (memorySizes.at(-1) as number) * 2.7,
  };
  return Math.max(...(profile?.map(suiteOf) ?? wanted).map((suite) => needs[suite]));
}

async function publish(outcome: Outcome, { json, resultsFolder, profile }: Options): Promise<void> {
  await mkdir(resultsFolder, { recursive: true });
  const { machine, settings, results, targets, omissions, profiles } = outcome;
  // Only growth was measured, which wrote what it found.
  if (results.length === 0 && omissions.length === 0 && profile === undefined) return;
  const object = { results, targets, omissions, settings, profiles, machine };
  const document = profile === undefined ? markdown(outcome) : profileMarkdown(outcome);
  // A run that only explains must not replace the figures it explains.
  const name = profile === undefined ? 'results' : 'profile';
  if (profile === undefined) await writeFile(join(resultsFolder, 'results.svg'), plot(results, captionOf(outcome)));
  const picture = profile === undefined ? '\n![Bars](results.svg)\n' : '';
  await writeFile(join(resultsFolder, `${name}.md`), `${document}${picture}`);
  await writeFile(join(resultsFolder, `${name}.json`), `${JSON.stringify(object, undefined, 2)}\n`);
  process.stderr.write(`Written to ${resultsFolder}: ${name}.md, ${name}.json\n`);
  process.stdout.write(json ? `${JSON.stringify(object)}\n` : `\n${document}`);
}

// Last, because what stands above it must be there when it runs.
process.exitCode = await main(process.argv.slice(2));
