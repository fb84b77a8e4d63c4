import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { LifeboatError } from '../src/core/index.ts';

export const suiteNames = ['start', 'postgres', 'files', 'sqlite'] as const;
export type SuiteName = (typeof suiteNames)[number];

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
  /** Where the temporary folder is made; undefined: the system's. */
  readonly folder: string | undefined;
  readonly suites: readonly SuiteName[];
  /** Empty: every tool. */
  readonly tools: readonly string[];
  readonly install: boolean;
}

export const usage = `npm run bench -- [OPTIONS]
  --quick             three minutes: 350 MB, 2 repetitions (default: 3 GB, 3 repetitions)
  --json              standard output ends with one line of JSON, all else goes to standard error
  --repetitions N     how often each tool does each work
  --scale N           pgbench's scale (15 MB each)
  --files N           how many small files, up to 1000000 and more
  --sqlite-mb N       size of the SQLite database
  --only A,B          of the suites ${suiteNames.join(', ')}
  --tools A,B         of the tools, such as lifeboat,restic
  --folder DIR        make the temporary folder here, on the disk to be measured
  --no-install        skip what is missing instead of installing it with apt
`;

/** Throws `input.flag`. */
export function readOptions(words: readonly string[]): Options | 'help' {
  const values = parse(words);
  if (values.help === true) return 'help';
  const quick = values.quick === true;
  const scale = whole('scale', values.scale) ?? (quick ? 20 : 150);
  const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((word) => word !== '');
  const suites = list(values.only);
  const unknown = suites.find((suite) => !suiteNames.includes(suite as SuiteName));
  if (unknown !== undefined) throw new LifeboatError('input.flag', `--only knows no suite "${unknown}"`);
  return {
    json: values.json === true,
    quick,
    repetitions: whole('repetitions', values.repetitions) ?? (quick ? 2 : 3),
    scale,
    // A quarter of the database is text, so that compression has work that looks like people's.
    documents: scale * 2500,
    files: whole('files', values.files) ?? (quick ? 10_000 : 200_000),
    sqliteBytes: (whole('sqlite-mb', values['sqlite-mb']) ?? (quick ? 128 : 1000)) * 1e6,
    folder: values.folder,
    suites: suites.length === 0 ? suiteNames : (suites as SuiteName[]),
    tools: list(values.tools),
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
        'no-install': flag,
        repetitions: text,
        scale: text,
        files: text,
        'sqlite-mb': text,
        only: text,
        tools: text,
        folder: text,
      },
    }).values;
  } catch (error) {
    throw new LifeboatError('input.flag', (error as Error).message, { hint: usage, cause: error });
  }
}

function whole(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1) return number;
  throw new LifeboatError('input.flag', `--${option} must be a whole number of at least 1, not "${value}"`);
}
