import { z } from 'zod';
import { LifeboatError, readText, systemCodeOf, type SecretSource } from '../../core/index.ts';
import { readdir, lstat } from 'node:fs/promises';
import type { Asset, AssetContext, AssetKind, CheckTarget } from '../asset.ts';
import { applyCluster } from './apply.ts';
import { captureCluster } from './capture.ts';
import { checkCluster, newestOf, type Measure } from './check.ts';
import { identifyServer } from './identify.ts';
import { startCopy } from './start.ts';

export { makeCluster, type RunningServer } from './server/index.ts';

export interface PostgresSettings {
  readonly url: string | SecretSource;
  readonly measure?: Measure | undefined;
}

const source = z.union([
  z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);

export const postgresKind: AssetKind<PostgresSettings> = {
  type: 'postgres',
  schema: z.strictObject({
    url: source.describe(
      'postgresql://user@host:port/database of a role with REPLICATION; with a password only by a source.',
    ),
    measure: z
      .strictObject({
        newest: z.string().optional().describe('A query for the time of the newest row: the base of the measured RPO.'),
        rows: z.string().optional().describe('A query for the number of rows: the base of the measured loss.'),
      })
      .optional(),
  }) as z.ZodType<PostgresSettings>,
  open: (name, settings, context) => new PostgresAsset(name, settings, context),
};

class PostgresAsset implements Asset {
  readonly type = 'postgres';
  readonly name: string;
  readonly #settings: PostgresSettings;
  readonly #context: AssetContext;

  constructor(name: string, settings: PostgresSettings, context: AssetContext) {
    this.name = name;
    this.#settings = settings;
    this.#context = context;
  }

  async identify() {
    return (await identifyServer(await this.#url())).source;
  }

  async *capture(options: Parameters<Asset['capture']>[0]): ReturnType<Asset['capture']> {
    return yield* captureCluster(await this.#url(), this.#settings.measure, options);
  }

  async obstacles(target: string): Promise<string[]> {
    try {
      if ((await lstat(target)).isDirectory() && (await readdir(target)).length === 0) return [];
      return [target];
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw new LifeboatError('restore.target_unusable', `${target} cannot be looked at`, { cause: error });
    }
  }

  apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    return applyCluster(point, staging, options);
  }

  async start(...[path, options]: Parameters<Asset['start']>) {
    return startCopy(path, await this.#url(), options);
  }

  async check(...[of, declared, options]: Parameters<Asset['check']>) {
    const { clock, baseFolder, checkKinds } = this.#context;
    return checkCluster(await this.#urlOf(of), declared, { clock, baseFolder, kinds: checkKinds, ...options });
  }

  async newest(of: CheckTarget) {
    return newestOf(await this.#urlOf(of), this.#settings.measure);
  }

  #urlOf = async (of: CheckTarget): Promise<string> => (of === 'source' ? this.#url() : of.url);

  #url(): Promise<string> {
    return readText(this.#settings.url);
  }
}
