import { z } from 'zod';
import { isLifeboatError, LifeboatError, limits, messageOf } from '../../../../core/index.ts';
import type { WorkOptions } from '../../../asset.ts';
import { decoded } from '../../decode.ts';
import type { Place, PlacedFile } from '../../places/place.ts';

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'no time');

/** What is asked of `velero-backup.json`: the Backup object of Velero as it was when it ended. Everything else in it is passed over. */
const backupObject = z.object({
  metadata: z.object({
    name: z.string().min(1),
    creationTimestamp: time.nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      startTimestamp: time.nullish(),
      completionTimestamp: time.nullish(),
      expiration: time.nullish(),
      warnings: z.number().nullish(),
      errors: z.number().nullish(),
      failureReason: z.string().nullish(),
      validationErrors: z.array(z.string()).nullish(),
      progress: z.object({ totalItems: z.number().nullish(), itemsBackedUp: z.number().nullish() }).nullish(),
      csiVolumeSnapshotsAttempted: z.number().nullish(),
      csiVolumeSnapshotsCompleted: z.number().nullish(),
      backupItemOperationsAttempted: z.number().nullish(),
      backupItemOperationsCompleted: z.number().nullish(),
    })
    .nullish(),
  spec: z.object({ snapshotMoveData: z.boolean().nullish() }).nullish(),
});

/** One backup of a storage location. */
export interface VeleroBackup {
  readonly name: string;
  /** Everything that lies in its folder. */
  readonly files: readonly PlacedFile[];
  /** Undefined where it cannot be understood; then `trouble` says why. */
  readonly object: z.infer<typeof backupObject> | undefined;
  readonly trouble: string | undefined;
}

/** A backup storage location of Velero: `backups/NAME/velero-backup.json` and what lies beside it. */
export class StorageLocation {
  readonly #place: Place;
  /** What was read of an object that has not changed since: each listing asks for all of them. */
  readonly #read = new Map<string, Pick<VeleroBackup, 'object' | 'trouble'>>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** Oldest first; those that nothing can be read of come before all others. */
  async backups(options: WorkOptions = {}): Promise<VeleroBackup[]> {
    const files = await Array.fromAsync(this.#place.files({ ...options, below: 'backups/' }));
    const byName = Map.groupBy(
      files.filter(({ name }) => name.split('/').length === 3),
      ({ name }) => name.split('/')[1] ?? '',
    );
    const queue = byName.entries();
    const found: VeleroBackup[] = [];
    let isFailed = false;
    const line = async (): Promise<void> => {
      for (const [name, own] of queue) {
        if (isFailed) return;
        found.push(await this.#backup(name, own, options));
      }
    };
    const lines = Array.from({ length: limits.othersReadAtOnce }, () =>
      line().catch((error: unknown) => {
        isFailed = true;
        throw error;
      }),
    );
    await Promise.all(lines);
    return found.sort((a, b) => (startedMs(a) ?? 0) - (startedMs(b) ?? 0) || (a.name < b.name ? -1 : 1));
  }

  async #backup(name: string, files: readonly PlacedFile[], options: WorkOptions): Promise<VeleroBackup> {
    const about = files.find((file) => file.name === `backups/${name}/velero-backup.json`);
    if (about === undefined) return { name, files, object: undefined, trouble: 'it has no velero-backup.json' };
    const key = `${about.name} ${about.bytes} ${about.modifiedMs}`;
    const read = this.#read.get(key) ?? (await this.#about(about, name, options));
    this.#read.set(key, read);
    return { name, files, ...read };
  }

  async #about(
    file: PlacedFile,
    name: string,
    options: WorkOptions,
  ): Promise<Pick<VeleroBackup, 'object' | 'trouble'>> {
    try {
      const object = backupObject.parse(JSON.parse((await this.#whole(file.name, file.name, options)).toString()));
      if (object.metadata.name === name) return { object, trouble: undefined };
      return { object: undefined, trouble: `its velero-backup.json is of ${object.metadata.name}` };
    } catch (error) {
      // What is wrong with one backup is told of it; a place that does not answer is told of the place.
      if (isLifeboatError(error) && !ofOne.includes(error.code)) throw error;
      const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : messageOf(error);
      return { object: undefined, trouble: `its velero-backup.json is not understood: ${why.slice(0, 200)}` };
    }
  }

  /** One of the lists beside a backup, `NAME-resource-list.json.gz`; undefined where there is none. Throws `asset.corrupt`. */
  async list<T>(
    backup: VeleroBackup,
    what: string,
    schema: z.ZodType<T>,
    options: WorkOptions,
  ): Promise<T | undefined> {
    const name = partName(backup, `-${what}.json.gz`);
    if (!backup.files.some((file) => file.name === name)) return undefined;
    const bytes = await this.#whole(name, name, options);
    try {
      return schema.parse(JSON.parse(bytes.toString()));
    } catch (error) {
      throw new LifeboatError('asset.corrupt', `${name} is not understood: ${messageOf(error).slice(0, 200)}`, {
        where: name,
        cause: error,
      });
    }
  }

  async #whole(name: string, as: string, options: WorkOptions): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of decoded(as, this.#place.read(name, options), [], options.signal).parts) {
      bytes += piece.length;
      if (bytes > limits.othersListBytesMax)
        throw new LifeboatError('limit.exceeded', `${name} is larger than can be a list`, { where: name });
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  read(name: string, options: WorkOptions): AsyncIterable<Uint8Array> {
    return this.#place.read(name, options);
  }
}

/** Also one that Velero removed since it was listed. */
const ofOne: readonly string[] = ['asset.vanished', 'asset.corrupt', 'limit.exceeded'];

export const partName = ({ name }: VeleroBackup, ending: string): string => `backups/${name}/${name}${ending}`;

/** When the objects began to be read: what was acknowledged later may be missing. Undefined where nobody knows. */
export function startedMs({ object }: VeleroBackup): number | undefined {
  const text = object?.status?.startTimestamp ?? object?.metadata.creationTimestamp;
  return text === undefined || text === null ? undefined : Date.parse(text);
}

/** When Velero removes it; undefined: it does not. */
export function expiresMs({ object }: VeleroBackup): number | undefined {
  const text = object?.status?.expiration;
  return text === undefined || text === null ? undefined : Date.parse(text);
}

export const phaseOf = ({ object }: VeleroBackup): string => object?.status?.phase ?? 'unknown';

export const contentsOf = (backup: VeleroBackup): PlacedFile | undefined =>
  backup.files.find(({ name }) => name === partName(backup, '.tar.gz'));
