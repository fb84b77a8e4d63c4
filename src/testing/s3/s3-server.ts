import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort, mustSucceed, startService, systemClock, type Service } from '../../core/index.ts';
import { cephConf } from './ceph-conf.ts';

/** A real S3 server on loopback: one node of Ceph with its gateway, below a folder that is gone at the end. */
export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Kills every part of it at once, as a power cut does; what a disk-backed one acknowledged is there after `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Runs `radosgw-admin`. */
  admin(...words: string[]): Promise<string>;
  destroy(): Promise<void>;
}

const programs = [
  'radosgw',
  'radosgw-admin',
  'ceph',
  'ceph-mon',
  'ceph-mgr',
  'ceph-osd',
  'ceph-authtool',
  'monmaptool',
];

/** Why there can be no server here, or undefined. */
export function s3ServerMissing(): string | undefined {
  const lacking = programs.filter((program) => !isInstalled(program));
  return lacking.length === 0
    ? undefined
    : `not installed: ${lacking.join(', ')} (Debian: radosgw, ceph-mon, ceph-mgr, ceph-osd)`;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}

const keys = { accessKeyId: 'AKIATEST', secretAccessKey: 'SECRETTEST' } as const;

/** `memory` is there in three seconds; `disk` needs seven and survives being killed. */
export async function startS3Server(
  kind: 'memory' | 'disk' = 'memory',
  { classes = ['STANDARD_IA'] }: { classes?: readonly string[] } = {},
): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-s3-'));
  const ceph = new Ceph(folder, kind, { port: await freePort(), monitorPort: await freePort(), classes });
  try {
    await ceph.make();
    await ceph.start();
  } catch (error) {
    await ceph.destroy();
    throw error;
  }
  return ceph;
}

class Ceph implements S3Server {
  readonly accessKeyId = keys.accessKeyId;
  readonly secretAccessKey = keys.secretAccessKey;
  readonly endpoint: string;
  readonly port: number;
  readonly #folder: string;
  readonly #kind: 'memory' | 'disk';
  readonly #monitorPort: number;
  readonly #classes: readonly string[];
  readonly #identity = randomUUID();
  #services: Service[] = [];

  constructor(
    folder: string,
    kind: 'memory' | 'disk',
    { port, monitorPort, classes }: { port: number; monitorPort: number; classes: readonly string[] },
  ) {
    this.#classes = classes;
    this.#folder = folder;
    this.#kind = kind;
    this.port = port;
    this.#monitorPort = monitorPort;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  async make(): Promise<void> {
    for (const name of ['mon', 'osd', 'mgr', 'rgw', 'log']) await mkdir(join(this.#folder, name));
    const places = { folder: this.#folder, identity: this.#identity, kind: this.#kind };
    const ports = { gatewayPort: this.port, monitorPort: this.#monitorPort, oldMonitorPort: 0 };
    await writeFile(this.#conf, cephConf({ ...places, ...ports }));
    const keyring = join(this.#folder, 'keyring');
    const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
    await this.#run('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
    for (const name of ['client.admin', 'mgr.x', 'osd.0', 'client.rgw'])
      await this.#run('ceph-authtool', keyring, '--gen-key', '-n', name, ...all);
    const map = join(this.#folder, 'monmap');
    const address = `[v2:127.0.0.1:${this.#monitorPort}]`;
    await this.#run('monmaptool', '--create', '--addv', 'a', address, '--fsid', this.#identity, map);
    await this.#run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  }

  async start(): Promise<void> {
    await this.#serve('ceph-mon', '-i', 'a');
    await this.#run('ceph', '-s');
    await this.#serve('ceph-mgr', '-i', 'x');
    if (!this.#made) {
      const identity = randomUUID();
      await this.#run('ceph', 'osd', 'new', identity);
      await this.#run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', identity);
      this.#made = true;
    }
    await this.#serve('ceph-osd', '-i', '0');
    await this.#until('the object daemon is up', async () => (await this.#run('ceph', 'osd', 'stat')).includes('1 up'));
    if (!this.#peopled) await this.#people();
    await this.#serve('radosgw', '-n', 'client.rgw');
    await this.#until('the gateway answers', async () => (await fetch(this.endpoint)).status > 0);
  }

  #made = false;
  #peopled = false;

  /** A user, and further storage classes as real servers have; the gateway reads them when it starts. */
  async #people(): Promise<void> {
    const { accessKeyId, secretAccessKey } = keys;
    const user = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
    await this.admin('user', 'create', '--uid=t', '--display-name=t', ...user);
    for (const one of this.#classes) {
      const place = ['--placement-id=default-placement', `--storage-class=${one}`];
      await this.admin('zonegroup', 'placement', 'add', '--rgw-zonegroup=default', ...place);
      await this.admin('zone', 'placement', 'add', '--rgw-zone=default', ...place, '--data-pool=default.rgw.cool.data');
    }
    this.#peopled = true;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop('SIGKILL')));
  }

  admin(...words: string[]): Promise<string> {
    return this.#run('radosgw-admin', '-n', 'client.rgw', ...words);
  }

  async destroy(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #conf(): string {
    return join(this.#folder, 'ceph.conf');
  }

  async #run(program: string, ...words: string[]): Promise<string> {
    const { stdout } = await mustSucceed([program, '-c', this.#conf, ...words].filter(this.#takesConf(program)), {
      timeoutMs: 60_000,
    });
    return stdout;
  }

  /** Tools that make files know no configuration. */
  #takesConf(program: string): (word: string, at: number) => boolean {
    const plain = program === 'ceph-authtool' || program === 'monmaptool';
    return (_, at) => !(plain && (at === 1 || at === 2));
  }

  async #serve(program: string, ...words: string[]): Promise<void> {
    const argv = [program, '-c', this.#conf, ...words, '-f'];
    this.#services.push(await startService(argv, { logFile: join(this.#folder, 'log', `${program}.out`) }));
  }

  async #until(what: string, so: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 600; turn += 1) {
      if (await so().catch(() => false)) return;
      await systemClock.sleep(100);
    }
    throw new Error(`${what}: not within a minute`);
  }
}
