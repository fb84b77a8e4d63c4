import type { CheckResult } from '../../../../checks/check.ts';
import { LifeboatError } from '../../../../core/index.ts';
import type { OutsidePoint, SourceIdentity, WorkOptions } from '../../../asset.ts';
import type { KeptContent, KeptStream } from '../../../outside.ts';
import { decoded } from '../../decode.ts';
import type { Keeper, KeeperContext } from '../../keeper.ts';
import type { Place } from '../../places/place.ts';
import { contentsName, isPoint, judgeContents, judgeListed } from './judge.ts';
import { StorageLocation, startedMs, type VeleroBackup } from './location.ts';
import { restoreIntoCluster } from './restore.ts';
import type { VeleroSettings } from './settings.ts';
import { judgeVolumes } from './volumes.ts';

const scheduleLabel = 'velero.io/schedule-name';

/**
 * Backups of Velero, read from the storage location where it keeps them: nothing of the cluster is needed to know how old they are, how they
 * ended and whether they are whole. Only completed ones that have not expired are points.
 */
export class VeleroKeeper implements Keeper {
  readonly #settings: VeleroSettings;
  readonly #place: Place;
  readonly #location: StorageLocation;
  readonly #context: KeeperContext;

  constructor(settings: VeleroSettings, place: Place, context: KeeperContext) {
    this.#settings = settings;
    this.#place = place;
    this.#location = new StorageLocation(place);
    this.#context = context;
  }

  async identify(options: WorkOptions = {}): Promise<SourceIdentity> {
    const { schedule = '' } = this.#settings;
    return { id: `velero:${await this.#place.identity(options)}:${schedule}`, description: this.#keptIn };
  }

  async list(options: WorkOptions = {}): Promise<OutsidePoint[]> {
    const nowMs = this.#context.clock.now();
    return (await this.#backups(options))
      .filter((backup) => isPoint(backup, nowMs))
      .map((backup) => ({
        id: backup.name,
        atMs: startedMs(backup) ?? 0,
        storedBytes: backup.files.reduce((total, { bytes }) => total + bytes, 0),
        files: backup.object?.status?.progress?.itemsBackedUp ?? 0,
        keptIn: this.#keptIn,
        kind: this.#settings.into === undefined ? 'dump' : 'tree',
      }));
  }

  async check(options: WorkOptions = {}): Promise<CheckResult[]> {
    const { clock } = this.#context;
    const startMs = clock.elapsed();
    const backups = await this.#backups(options);
    const results = judgeListed(backups, clock);
    const newest = backups.findLast((backup) => isPoint(backup, clock.now()));
    if (newest !== undefined) {
      results.push(await judgeContents(this.#location, newest, this.#unpacked(newest, options), options));
      results.push(await judgeVolumes(this.#location, newest, this.#settings.volumes ?? 'all', options));
    }
    const durationMs = clock.elapsed() - startMs;
    return results.map((result) => ({ ...result, durationMs }));
  }

  async open(id: string, options: WorkOptions = {}): Promise<KeptContent> {
    const { into } = this.#settings;
    const nowMs = this.#context.clock.now();
    const backup = (await this.#backups(options)).find((one) => one.name === id && isPoint(one, nowMs));
    if (backup === undefined)
      throw new LifeboatError('point.missing', `${this.#keptIn} has no completed backup ${id}`, { where: id });
    if (into === undefined) return this.#content(backup, options);
    const write = (folder: string, warn: (sentence: string) => void = () => {}): Promise<void> =>
      restoreIntoCluster({ backup: id, into, folder, warn }, options);
    return { id, kind: 'tree', write };
  }

  #content(backup: VeleroBackup, options: WorkOptions): KeptStream {
    const read = (): AsyncIterable<Uint8Array> => this.#location.read(contentsName(backup), options);
    return { id: backup.name, kind: 'stream', name: `${backup.name}.tar.gz`, read };
  }

  #unpacked(backup: VeleroBackup, options: WorkOptions): KeptStream {
    const { name, read } = this.#content(backup, options);
    const plain = (): ReturnType<typeof decoded> => decoded(name, read(), [], options.signal);
    return { id: backup.name, kind: 'stream', name: plain().name, read: () => plain().parts };
  }

  /** Those that cannot be understood belong to every schedule. */
  async #backups(options: WorkOptions): Promise<VeleroBackup[]> {
    const { schedule } = this.#settings;
    const all = await this.#location.backups(options);
    if (schedule === undefined) return all;
    return all.filter(({ object }) => object === undefined || object.metadata.labels?.[scheduleLabel] === schedule);
  }

  get #keptIn(): string {
    return `velero ${this.#place.description}`;
  }
}
