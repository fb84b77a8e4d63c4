import { z } from 'zod';
import type { CheckResult } from '../../../checks/check.ts';
import { isoTime, LifeboatError, mustSucceed, plainEnvironment, runProcess } from '../../../core/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../asset.ts';
import type { KeptContent } from '../../outside.ts';
import type { Keeper, KeeperContext } from '../keeper.ts';
import { outputOf } from '../tool-output.ts';

export const pgbackrestSettings = z.strictObject({
  pgbackrest: z
    .string()
    .regex(/^[\w.-]+$/, 'A stanza has letters, digits, dots and dashes.')
    .describe('The stanza.'),
  config: z.string().startsWith('/').optional().describe('Its configuration file; /etc/pgbackrest.conf unless stated.'),
  repo: z.int().min(1).max(256).optional().describe('Which of several repositories; the first unless stated.'),
});

/** A stanza of pgBackRest, read by pgBackRest itself. */
export class PgBackRestKeeper implements Keeper {
  readonly #settings: z.infer<typeof pgbackrestSettings>;
  readonly #context: KeeperContext;

  constructor(settings: z.infer<typeof pgbackrestSettings>, context: KeeperContext) {
    this.#settings = settings;
    this.#context = context;
  }

  async identify(options: WorkOptions = {}): Promise<SourceIdentity> {
    const { db } = await this.#info(options);
    const systemId = db.at(-1)?.['system-id'];
    return { id: `pgbackrest:${this.#settings.pgbackrest}:${systemId}`, description: this.#place };
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    const { backup } = await this.#info(options);
    return backup
      .filter(({ error }) => error !== true)
      .map(({ label, timestamp, info }) => ({
        id: label,
        // Its end is noted a moment after the position that the copy reaches: only what was acknowledged before its start is surely in it.
        atMs: timestamp.start * 1000,
        bytes: info.size,
        storedBytes: info.repository?.delta ?? info.repository?.size ?? 0,
        keptIn: this.#place,
        kind: 'base',
      }))
      .sort((a, b) => a.atMs - b.atMs);
  }

  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const { backup, status } = await this.#info(options);
    const newest = backup.at(-1);
    const damaged = backup.filter(({ error }) => error === true).map(({ label }) => label);
    const result = (name: string, ok: boolean, observed: string, expected: string): CheckResult => ({
      name,
      ok,
      observed,
      expected,
      durationMs: clock.elapsed() - startedMs,
    });
    const verified = await runProcess(this.#call('--output=text', '--verbose', 'verify'), {
      env: plainEnvironment(),
      ...options,
    });
    const said = `${verified.stdout}\n${verified.stderr}`;
    // Older versions end with 0 whatever they find.
    const sound =
      verified.exitCode === 0 &&
      !/status: (error|invalid)|(missing|checksum invalid|size invalid|other): [1-9]/.test(said);
    return [
      result('the stanza is ok', status.code === 0, status.message, 'ok'),
      result(
        'there are backups',
        newest !== undefined,
        newest === undefined ? 'none' : `the newest of ${isoTime(newest.timestamp.start * 1000)}`,
        'at least one',
      ),
      result('no backup has page checksum errors', damaged.length === 0, damaged.join(', ') || 'none', 'none'),
      result(
        'pgbackrest verify',
        sound,
        said.trim().split('\n').slice(-2).join(' | ').slice(-300) || 'no words',
        'no errors',
      ),
    ];
  }

  async open(id: string, options: WorkOptions = {}): Promise<KeptContent> {
    const { backup, db } = await this.#info(options);
    const chosen = backup.find(({ label }) => label === id);
    const database = db.find((one) => one.id === chosen?.database.id);
    if (chosen === undefined || database === undefined)
      throw new LifeboatError('point.missing', `${this.#place} has no backup ${id}`, { where: id });
    return {
      id,
      kind: 'cluster',
      write: async (folder, tablespaces) => {
        await mustSucceed(
          this.#call(
            `--pg1-path=${folder}`,
            `--tablespace-map-all=${tablespaces}`,
            `--set=${id}`,
            '--type=immediate',
            '--target-action=promote',
            '--archive-mode=off',
            'restore',
          ),
          { env: plainEnvironment(), cwd: '/', ...options },
        );
      },
      recovery: {
        systemId: database['system-id'],
        major: Number.parseInt(database.version, 10),
        endLsn: chosen.lsn.stop,
        restoreCommand: (folder) =>
          `${this.#call(`--pg1-path=${folder}`, 'archive-get').map(quoted).join(' ')} %f "%p"`,
      },
    };
  }

  async #info(options: WorkOptions): Promise<z.infer<typeof stanza>> {
    const text = await outputOf(this.#call('info', '--output=json'), { env: plainEnvironment(), ...options });
    const [found] = parsed(text);
    if (found !== undefined && found.db.length > 0) return found;
    throw new LifeboatError(
      'asset.unreadable',
      `pgBackRest knows no stanza ${this.#settings.pgbackrest}: ${found?.status.message ?? 'nothing answered'}`,
      {
        where: this.#settings.pgbackrest,
        hint: 'Name it as "pgbackrest info" does, with the configuration that it is in.',
      },
    );
  }

  #call(...words: string[]): [string, ...string[]] {
    const { config, repo, pgbackrest } = this.#settings;
    return [
      'pgbackrest',
      ...(config === undefined ? [] : [`--config=${config}`]),
      ...(repo === undefined ? [] : [`--repo=${repo}`]),
      `--stanza=${pgbackrest}`,
      ...words,
    ];
  }

  get #place(): string {
    return `pgBackRest stanza ${this.#settings.pgbackrest}`;
  }
}

/** For the shell that PostgreSQL hands the command to. */
const quoted = (word: string): string => (/^[\w./=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

function parsed(text: string): z.infer<typeof stanza>[] {
  try {
    // A system identifier is a 64-bit number, of which JSON.parse would lose the last digits.
    return z.array(stanza).parse(JSON.parse(text.replaceAll(/"system-id":\s*(\d+)/g, '"system-id":"$1"')));
  } catch (error) {
    throw new LifeboatError(
      'process.failed',
      `pgbackrest info answered what is not understood: ${text.slice(0, 200)}`,
      {
        cause: error,
      },
    );
  }
}

const stanza = z.object({
  status: z.object({ code: z.number(), message: z.string() }),
  db: z.array(z.object({ id: z.number(), 'system-id': z.string(), version: z.string() })),
  backup: z.array(
    z.object({
      label: z.string(),
      error: z.boolean().nullish(),
      timestamp: z.object({ start: z.number(), stop: z.number() }),
      lsn: z.object({ start: z.string(), stop: z.string() }),
      database: z.object({ id: z.number() }),
      info: z.object({
        size: z.number(),
        repository: z.object({ delta: z.number().optional(), size: z.number().nullish() }).optional(),
      }),
    }),
  ),
});
