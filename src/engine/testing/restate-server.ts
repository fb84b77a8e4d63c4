import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { base58 } from '@scure/base';
import { freePort, LifeboatError, limits, startService, systemClock, type Service } from '../../core/index.ts';

const program = fileURLToPath(
  new URL(`../../../node_modules/restate-server-linux-${process.arch}/bin/restate-server`, import.meta.url),
);
const sdk = fileURLToPath(new URL('../../../node_modules/@restatedev/restate-sdk/package.json', import.meta.url));

/** Why these tests are left out here, or nothing. */
export const noRestate: string | undefined = [program, sdk].every((file) => existsSync(file))
  ? undefined
  : 'Restate is not installed: its packages are optional';

export interface NodeOptions {
  /** What the engine does with work that says nothing for so long, unless the worker asks for more: shorter than any step here. */
  readonly patience?: string;
  /** Its requests are signed with this key. */
  readonly identityKeyFile?: string;
  /** It is one of several. */
  readonly cluster?: { readonly name: string; readonly number: number; readonly all: readonly string[] };
  readonly ports?: Ports;
}

/** A key that an engine signs its requests with: its file, and what workers know of it. */
export function identityIn(folder: string): { file: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const file = join(folder, 'identity.pem');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const bytes = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { file, publicKey: `publickeyv1_${base58.encode(bytes)}` };
}

/** One server of Restate on a folder: may be killed, and started again on what is on its disk. */
export class RestateServer {
  readonly at: string;
  readonly admin: string;
  readonly #folder: string;
  readonly #settings: string;
  #service: Service | undefined;

  private constructor(folder: string, ports: Ports, options: NodeOptions) {
    this.at = `http://127.0.0.1:${ports.ingress}`;
    this.admin = `http://127.0.0.1:${ports.admin}`;
    this.#folder = folder;
    this.#settings = settingsOf(folder, ports, options);
  }

  static async start(folder: string, options: NodeOptions = {}): Promise<RestateServer> {
    const server = new RestateServer(folder, options.ports ?? (await freePorts()), options);
    await server.start();
    return server;
  }

  /** Three nodes that keep everything twice: one may die. */
  static async startThree(folder: string): Promise<RestateServer[]> {
    const ports = await Promise.all([freePorts(), freePorts(), freePorts()]);
    const all = ports.map(({ own }) => `http://127.0.0.1:${own}`);
    const cluster = (number: number): NodeOptions['cluster'] => ({ name: 'three', number, all });
    return Promise.all(
      ports.map((own, index) =>
        RestateServer.start(join(folder, `node-${index + 1}`), { ports: own, cluster: cluster(index + 1) }),
      ),
    );
  }

  get pid(): number {
    return this.#service?.pid ?? 0;
  }

  async start(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, 'restate.toml');
    writeFileSync(file, this.#settings);
    this.#service = await startService([program, '--no-logo', '--config-file', file], {
      cwd: this.#folder,
      env: { DO_NOT_TRACK: '1' },
      logFile: join(this.#folder, 'log'),
    });
    await this.#healthy();
  }

  async kill(): Promise<void> {
    await this.#service?.stop('SIGKILL');
  }

  log(): string {
    return this.#service?.tail() ?? '';
  }

  async #healthy(): Promise<void> {
    const beganMs = systemClock.elapsed();
    const ways = [`${this.admin}/health`, `${this.at}/restate/health`];
    while (!(await Promise.all(ways.map(isWell))).every(Boolean)) {
      if (systemClock.elapsed() - beganMs > limits.serviceStopMs) {
        throw new LifeboatError('engine.unreachable', `Restate did not start: ${this.log().slice(-2_000)}`);
      }
      await systemClock.sleep(50);
    }
  }
}

interface Ports {
  readonly ingress: number;
  readonly admin: number;
  readonly own: number;
}

async function freePorts(): Promise<Ports> {
  return { ingress: await freePort(), admin: await freePort(), own: await freePort() };
}

async function isWell(way: string): Promise<boolean> {
  try {
    return (await fetch(way, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // it has not begun to listen
  }
}

/** As docs/guides/engine.md says: loopback only, no word to anybody; and small, because many tests run beside it. */
const settingsOf = (
  folder: string,
  ports: Ports,
  { patience = '500ms', identityKeyFile, cluster }: NodeOptions,
): string => `
node-name = "node-${cluster?.number ?? 1}"
base-dir = "${join(folder, 'data')}"
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = ${ports.own}
advertised-address = "http://127.0.0.1:${ports.own}"
auto-provision = ${cluster === undefined || cluster.number === 1}
${cluster === undefined ? '' : `cluster-name = "${cluster.name}"\ndefault-replication = 2`}
default-num-partitions = 1
disable-telemetry = true
rocksdb-total-memory-size = "64 MB"
log-filter = "warn"
log-disable-ansi-codes = true
${identityKeyFile === undefined ? '' : `request-identity-private-key-pem-file = "${identityKeyFile}"`}

${cluster === undefined ? '' : `[metadata-client]\naddresses = ${JSON.stringify(cluster.all)}`}

[admin]
bind-ip = "127.0.0.1"
bind-port = ${ports.admin}
disable-web-ui = true

[admin.query-engine]
memory-size = "32 MB"

[ingress]
bind-ip = "127.0.0.1"
bind-port = ${ports.ingress}

[worker.invoker]
inactivity-timeout = "${patience}"
abort-timeout = "${patience}"
`;
