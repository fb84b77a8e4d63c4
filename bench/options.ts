import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LifeboatError } from '../src/core/index.ts';
import { works, type Work } from './tool.ts';

export const suiteNames = [
  'start',
  'postgres',
  'ten',
  'files',
  'sqlite',
  's3',
  'prune',
  'wal',
  'growth',
  'memory',
] as const;
export type SuiteName = (typeof suiteNames)[number];
/** It needs 30 GB of disk, so it is done when it is asked for. */
const onlyWhenAsked: SuiteName = 'memory';
/** Ten thousand points take minutes to make: done when it is named. */
const onlyWhenNamed: SuiteName = 'growth';
/** What people look at first; all of them take a quarter of an hour even when there is little to do. */
const quickSuites: readonly SuiteName[] = ['start', 'postgres', 'files', 'sqlite'];
/** The server of objects has 4 GB for two repositories at a time. */
const s3MegabytesMax = 1000;

export interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  /** How often each tool does each work. */
  readonly repetitions: number;
  /** pgbench's scale: 15 MB each. */
  readonly scale: number;
  /** Rows of jsonb and text, about 2 KB each. */
  readonly documents: number;
  readonly files: number;
  readonly sqliteBytes: number;
  /** Of the big file of the folder that goes to a server of objects, which keeps all in memory. */
  readonly s3Bytes: number;
  /** Sizes between which memory must not grow, the smallest first. */
  readonly memorySizes: readonly number[];
  /** Where the temporary folder is made; undefined: the system's. */
  readonly folder: string | undefined;
  /** Where the outcome is written. */
  readonly resultsFolder: string;
  readonly suites: readonly SuiteName[];
  /** Empty: every tool. */
  readonly tools: readonly string[];
  /** Only our side of these works, once, with the profiler; undefined: the works whose target was missed, after the rest. */
  readonly profile: readonly Work[] | undefined;
  /** Say where the time goes in the works whose target was missed. */
  readonly explain: boolean;
  readonly install: boolean;
}

export const usage = `npm run bench -- [OPTIONS]
npm run bench -- postgres [OPTIONS]   disasters on PostgreSQL: what is lost, how long it takes (--help says more)
  --quick             three minutes: 350 MB, once, the suites ${quickSuites.join(', ')}, no profiles (default: 3 GB, 3 repetitions)
  --json              standard output ends with one line of JSON, all else goes to standard error
  --repetitions N     how often each tool does each work
  --scale N           pgbench's scale (15 MB each)
  --files N           how many small files, up to 1000000 and more
  --sqlite-mb N       size of the SQLite database
  --s3-mb N           size of the big file that goes to a server of objects (at most 1000)
  --memory            also: whether memory stays the same from 300 MB to 10 GB (30 GB of disk)
  --memory-mb A,B     the same between these sizes
  --only growth       prune, points, backup and restore from 10 to 10,000 points and 1 to 10 GB, with a plot
  --only A,B          of the suites ${suiteNames.join(', ')}
  --tools A,B         of the tools, such as lifeboat,restic
  --profile A,B       measure nothing; say where Lifeboat's time goes in these works
                      (${works.join(', ')})
  --no-profile        do not profile the works whose target was missed
  --folder DIR        make the temporary folder here, on the disk to be measured
  --results DIR       write the outcome here instead of bench/results
  --no-install        skip what is missing instead of installing it
`;

/** Throws `input.flag`. */
export function readOptions(words: readonly string[]): Options | 'help' {
  const values = parse(words);
  if (values.help === true) return 'help';
  const quick = values.quick === true;
  const scale = whole('scale', values.scale) ?? (quick ? 20 : 150);
  const asked = listed('only', values.only, suiteNames);
  const profile = listed('profile', values.profile, works);
  const memory = values.memory === true || values['memory-mb'] !== undefined;
  const usual = quick
    ? suiteNames.filter((suite) => quickSuites.includes(suite) || suite === onlyWhenAsked)
    : suiteNames;
  const standard = usual.filter((suite) => suite !== onlyWhenNamed && (suite !== onlyWhenAsked || memory));
  return {
    json: values.json === true,
    quick,
    repetitions: whole('repetitions', values.repetitions) ?? (quick ? 1 : 3),
    scale,
    // A quarter of the database is text, so that compression has work that looks like people's.
    documents: scale * 2500,
    files: whole('files', values.files) ?? (quick ? 10_000 : 200_000),
    sqliteBytes: (whole('sqlite-mb', values['sqlite-mb']) ?? (quick ? 128 : 1000)) * 1e6,
    s3Bytes: Math.min(whole('s3-mb', values['s3-mb']) ?? (quick ? 100 : 600), s3MegabytesMax) * 1e6,
    memorySizes: sizes(values['memory-mb'] ?? '300,10000'),
    folder: values.folder,
    resultsFolder: values.results === undefined ? join(import.meta.dirname, 'results') : resolve(values.results),
    suites: asked ?? standard,
    tools: split(values.tools),
    profile,
    explain: values['no-profile'] !== true && !quick,
    install: values['no-install'] !== true,
  };
}

/** As many as the peers may use: pgBackRest is told, the others find out by themselves. */
export const processes = Math.max(1, Math.min(2, availableParallelism()));

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...words],
      options: {
        quick: flag,
        json: flag,
        help: flag,
        memory: flag,
        'no-install': flag,
        'no-profile': flag,
        repetitions: text,
        scale: text,
        files: text,
        'sqlite-mb': text,
        's3-mb': text,
        'memory-mb': text,
        only: text,
        tools: text,
        profile: text,
        folder: text,
        results: text,
      },
    }).values;
  } catch (error) {
    throw new LifeboatError('input.flag', (error as Error).message, { hint: usage, cause: error });
  }
}

const split = (text: string | undefined): string[] => (text ?? '').split(',').filter((word) => word !== '');

/** Undefined when the option was not given. */
function listed<T extends string>(option: string, text: string | undefined, known: readonly T[]): T[] | undefined {
  if (text === undefined) return undefined;
  const words = split(text);
  const unknown = words.find((word) => !known.includes(word as T));
  if (unknown !== undefined || words.length === 0) {
    throw new LifeboatError('input.flag', `--${option} knows no "${unknown ?? ''}"`, {
      hint: `It knows: ${known.join(', ')}`,
    });
  }
  return words as T[];
}

function sizes(text: string): number[] {
  const found = split(text).map((word) => (whole('memory-mb', word) as number) * 1e6);
  if (found.length < 2)
    throw new LifeboatError('input.flag', `--memory-mb must name two sizes, such as 300,10000, not "${text}"`);
  return found.sort((a, b) => a - b);
}

function whole(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1) return number;
  throw new LifeboatError('input.flag', `--${option} must be a whole number of at least 1, not "${value}"`);
}
