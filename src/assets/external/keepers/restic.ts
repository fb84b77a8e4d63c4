import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import type { CheckResult } from '../../../checks/check.ts';
import {
  filtered,
  isoTime,
  LifeboatError,
  messageOf,
  mustSucceed,
  plainEnvironment,
  readSecret,
  readText,
  runProcess,
  type SecretSource,
} from '../../../core/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../asset.ts';
import type { KeptContent } from '../../outside.ts';
import type { Keeper, KeeperContext } from '../keeper.ts';
import { outputOf } from '../tool-output.ts';

const secret = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);

export const resticSettings = z.strictObject({
  restic: z
    .union([z.string().min(1), secret])
    .describe(
      'The repository as restic calls it: a folder, s3:https://…, sftp:…; as a source where it holds a password.',
    ),
  password: secret.describe('The password of the repository.'),
  path: z
    .string()
    .startsWith('/', 'An absolute path, as it was backed up.')
    .optional()
    .describe(
      'What of a snapshot is meant: a folder, or the one file that is the copy. Unless stated, all that was backed up.',
    ),
  host: z.string().optional().describe('Only snapshots of this host.'),
  tag: z.string().optional().describe('Only snapshots with this tag.'),
  environment: z
    .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), secret)
    .optional()
    .describe('What restic needs to reach the repository: AWS_ACCESS_KEY_ID and the like, each by its source.'),
});

/** A repository of restic, read by restic itself, without a lock: nothing is written there. */
export class ResticKeeper implements Keeper {
  readonly #settings: z.infer<typeof resticSettings>;
  readonly #context: KeeperContext;
  /** Whether the copy is the one file at `path`, not a folder. */
  readonly #isFile: boolean;

  constructor(settings: z.infer<typeof resticSettings>, isFile: boolean, context: KeeperContext) {
    this.#settings = settings;
    this.#isFile = isFile;
    this.#context = context;
  }

  async identify(options: WorkOptions = {}): Promise<SourceIdentity> {
    const config = parsed(await this.#ask(['cat', 'config', '--json'], options), z.object({ id: z.string() }));
    const { path = '', host = '', tag = '' } = this.#settings;
    return { id: `restic:${config.id}:${host}:${tag}:${path}`, description: await this.#place() };
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    const { host, tag, path } = this.#settings;
    const words = [...(host === undefined ? [] : ['--host', host]), ...(tag === undefined ? [] : ['--tag', tag])];
    const listed = parsed(await this.#ask(['snapshots', '--json', ...words], options), snapshots) ?? [];
    const place = await this.#place();
    return listed
      .filter(
        ({ paths }) =>
          path === undefined || paths.some((one) => path === one || path.startsWith(`${one}/`) || one === '/'),
      )
      .map(({ id, time, hostname, summary }) => ({
        id: id.slice(0, 16),
        atMs: Date.parse(time),
        ...(summary?.total_bytes_processed === undefined ? {} : { bytes: summary.total_bytes_processed }),
        ...(summary?.total_files_processed === undefined ? {} : { files: summary.total_files_processed }),
        ...(hostname === undefined ? {} : { host: hostname }),
        keptIn: place,
        kind: this.#isFile ? 'dump' : 'tree',
      }))
      .sort((a, b) => a.atMs - b.atMs);
  }

  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startedMs = clock.elapsed();
    const result = (name: string, ok: boolean, observed: string, expected: string): CheckResult => ({
      name,
      ok,
      observed,
      expected,
      durationMs: clock.elapsed() - startedMs,
    });
    const newest = (await this.list(options)).at(-1);
    const there = result(
      'there are snapshots',
      newest !== undefined,
      newest === undefined ? 'none' : `the newest of ${isoTime(newest.atMs)}`,
      'at least one',
    );
    const ended = await runProcess(['restic', 'check', '--no-lock', '--no-cache'], {
      env: await this.#environment(),
      ...options,
    });
    const said = ended.exitCode === 0 ? 'no errors' : lastLines(ended.stderr || ended.stdout);
    return [there, result('restic check', ended.exitCode === 0, said, 'no errors')];
  }

  async open(id: string, options: WorkOptions = {}): Promise<KeptContent> {
    const point = (await this.list(options)).find((one) => one.id === id);
    if (point === undefined)
      throw new LifeboatError('point.missing', `${await this.#place()} has no snapshot ${id}`, { where: id });
    const env = await this.#environment();
    const { path } = this.#settings;
    if (this.#isFile) {
      if (path === undefined)
        throw new LifeboatError('plan.invalid', `${this.#context.name}: "path" must name the file that is the copy`, {
          where: this.#context.name,
        });
      const argv = ['restic', 'dump', '--no-lock', '--no-cache', id, path] as const;
      return {
        id,
        kind: 'stream',
        name: basename(path),
        read: () => filtered([...argv], undefined, { env, ...options }),
      };
    }
    return { id, kind: 'tree', write: (folder) => this.#writeTree(id, folder, env, options) };
  }

  /** restic restores with the whole path above: what is meant is taken out of there. */
  async #writeTree(id: string, folder: string, env: Record<string, string>, options: WorkOptions): Promise<void> {
    const root = this.#settings.path ?? (await this.#onlyPath(id, options));
    await mkdir(folder, { mode: 0o700 });
    const all = join(folder, 'all');
    await mustSucceed(
      [
        'restic',
        'restore',
        '--no-lock',
        '--no-cache',
        id,
        '--target',
        all,
        ...(root === '/' ? [] : ['--include', root]),
      ],
      { env, ...options },
    );
    const aside = `${folder}.tree`;
    try {
      await rename(join(all, root), aside);
      await rm(folder, { recursive: true, force: true });
      await rename(aside, folder);
    } catch (error) {
      await rm(aside, { recursive: true, force: true });
      throw new LifeboatError('asset.foreign', `the snapshot ${id} holds no ${root}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async #onlyPath(id: string, options: WorkOptions): Promise<string> {
    const listed = parsed(await this.#ask(['snapshots', '--json', id], options), snapshots) ?? [];
    const paths = listed[0]?.paths ?? [];
    return paths.length === 1 ? resolve(paths[0] as string) : '/';
  }

  async #ask(words: readonly string[], options: WorkOptions): Promise<string> {
    return outputOf(['restic', ...words, '--no-lock', '--no-cache'], { env: await this.#environment(), ...options });
  }

  async #environment(): Promise<Record<string, string>> {
    const extra: Record<string, string> = {};
    for (const [name, source] of Object.entries(this.#settings.environment ?? {}))
      extra[name] = (await readSecret(source as SecretSource)).reveal();
    const repository = await readText(this.#settings.restic);
    // A folder is relative to the plan, as every path in it.
    const isFolder = !/^[a-z0-9]+:/i.test(repository);
    return plainEnvironment({
      ...extra,
      RESTIC_REPOSITORY: isFolder ? resolve(this.#context.baseFolder, repository) : repository,
      RESTIC_PASSWORD: (await readSecret(this.#settings.password as SecretSource)).reveal(),
    });
  }

  async #place(): Promise<string> {
    const { restic } = this.#settings;
    return `restic ${typeof restic === 'string' ? restic : 'repository'}`;
  }
}

function parsed<T>(text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new LifeboatError('process.failed', `restic answered what is not understood: ${text.slice(0, 200)}`, {
      cause: error,
    });
  }
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' | ').slice(-400);

const snapshots = z
  .array(
    z.object({
      id: z.string().min(16),
      time: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
      paths: z.array(z.string()),
      hostname: z.string().optional(),
      summary: z
        .object({ total_bytes_processed: z.number().optional(), total_files_processed: z.number().optional() })
        .optional(),
    }),
  )
  .nullable();
