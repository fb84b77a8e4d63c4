import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { mustSucceed } from '../../../core/index.ts';

export interface WrittenBackup {
  readonly name: string;
  readonly startMs: number;
  readonly phase?: string;
  readonly schedule?: string;
  readonly expiresMs?: number;
  readonly errors?: number;
  readonly warnings?: number;
  /** `shop/api` for objects of a namespace, `pv-1` for others, by kind as Velero lists them. */
  readonly objects?: Readonly<Record<string, readonly string[]>>;
  /** Not in the archive, though listed. */
  readonly lost?: readonly string[];
  /** Phases of copies of volumes that the pods' data went into, with the claim that each is of, where it is of one: `Completed claim-1`. */
  readonly podVolumes?: readonly string[];
  /** Phases, and the persistent volume: `Completed pv-1`. */
  readonly snapshots?: readonly string[];
  /** As newer ones of Velero tell of each volume. */
  readonly volumeInfo?: readonly object[];
  readonly spec?: object;
  readonly status?: object;
}

/**
 * The files of one backup as Velero lays them down in a storage location (its pages "output file format" and "backup API type"): made here,
 * for no cluster runs in the tests. Names are keys relative to the location.
 */
export async function veleroFiles(backup: WrittenBackup): Promise<Map<string, Buffer>> {
  const { name, phase = 'Completed', podVolumes = [], snapshots = [] } = backup;
  const objects = backup.objects ?? { 'v1/Namespace': ['shop'], 'v1/ConfigMap': ['shop/settings'] };
  const packed = (value: unknown): Buffer => gzipSync(JSON.stringify(value));
  const ofPhase = (one: string): object => {
    const [phaseOf, of] = one.split(' ');
    const named = of === undefined ? {} : { metadata: { labels: { 'velero.io/pvc-uid': of } } };
    return { ...named, spec: { persistentVolumeName: of }, status: { phase: phaseOf, snapshotID: 'snap-1' } };
  };
  const files = new Map<string, Buffer>([
    ['velero-backup.json', Buffer.from(JSON.stringify(backupObject(backup, objects)))],
  ]);
  if (/^(Completed|PartiallyFailed)$/.test(phase)) {
    files.set(`${name}.tar.gz`, gzipSync(await archiveOf(objects, new Set(backup.lost))));
    files.set(`${name}-resource-list.json.gz`, packed(objects));
    files.set(`${name}-podvolumebackups.json.gz`, packed(podVolumes.map(ofPhase)));
    files.set(`${name}-volumesnapshots.json.gz`, packed(snapshots.length === 0 ? null : snapshots.map(ofPhase)));
    if (backup.volumeInfo !== undefined) files.set(`${name}-volumeinfo.json.gz`, packed(backup.volumeInfo));
    files.set(`${name}-results.gz`, packed({ errors: {}, warnings: {} }));
  }
  files.set(`${name}-logs.gz`, gzipSync('level=info msg="Backup ended"\n'));
  return new Map([...files].map(([file, bytes]) => [`backups/${name}/${file}`, bytes]));
}

function backupObject(backup: WrittenBackup, objects: NonNullable<WrittenBackup['objects']>): object {
  const { name, startMs, phase = 'Completed', schedule, expiresMs, errors = 0, warnings = 0 } = backup;
  const items = Object.values(objects).flat().length;
  const text = (ms: number): string => new Date(ms).toISOString().replace('.000', '');
  return {
    kind: 'Backup',
    apiVersion: 'velero.io/v1',
    metadata: {
      name,
      namespace: 'velero',
      creationTimestamp: text(startMs),
      ...(schedule === undefined ? {} : { labels: { 'velero.io/schedule-name': schedule } }),
    },
    spec: { includedNamespaces: ['*'], storageLocation: 'default', ttl: '720h0m0s', ...backup.spec },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase,
      startTimestamp: text(startMs),
      ...(phase === 'InProgress' ? {} : { completionTimestamp: text(startMs + 60_000) }),
      expiration: text(expiresMs ?? startMs + 30 * 86_400_000),
      ...(errors === 0 ? {} : { errors }),
      ...(warnings === 0 ? {} : { warnings }),
      progress: { totalItems: items, itemsBackedUp: items },
      ...backup.status,
    },
  };
}

async function archiveOf(objects: NonNullable<WrittenBackup['objects']>, lost: ReadonlySet<string>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-velero-'));
  try {
    await mkdir(join(folder, 'metadata'));
    await writeFile(join(folder, 'metadata', 'version'), '1.1.0');
    for (const [kind, names] of Object.entries(objects)) {
      const plural = `${(kind.split('/').at(-1) ?? '').toLowerCase()}s`;
      for (const name of names.filter((one) => !lost.has(one))) {
        const [space, own] = name.includes('/') ? name.split('/') : [undefined, name];
        const place = space === undefined ? 'cluster' : `namespaces/${space}`;
        const path = join(folder, 'resources', plural, place, `${own}.json`);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, JSON.stringify({ kind, metadata: { name: own, namespace: space } }));
      }
    }
    await mustSucceed(['tar', '-C', folder, '-cf', `${folder}.tar`, 'metadata', 'resources']);
    return await readFile(`${folder}.tar`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.tar`, { force: true });
  }
}

/** Lays the files down below a folder, as the file system plugin of a storage location does. */
export async function writeVelero(folder: string, backup: WrittenBackup): Promise<void> {
  for (const [name, bytes] of await veleroFiles(backup)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
