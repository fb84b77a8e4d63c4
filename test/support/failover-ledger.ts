import { watch, type FSWatcher } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { Resolver } from 'node:dns/promises';
import type { FailoverScene, Site } from './failover-scene.ts';

/** What was done to the world so far, counted by the world itself and not by who did it. */
export interface Effects {
  /** A promotion begins a timeline. */
  readonly promotions: number;
  /** The server of a site was written over by a copy of the other's. */
  readonly overwritten: number;
  /** Changes of the zone: its serial number. */
  readonly names: number;
  /** Orders to the proxy, as they came over its socket. */
  readonly weights: number;
  /** Replacements of the files that say where the database is. */
  readonly settings: number;
  readonly addresses: number;
}

/** Stands between the runner and the proxy, and beside the files that it turns. */
export class FailoverLedger {
  readonly #scene: FailoverScene;
  readonly #server: Server;
  readonly #watcher: FSWatcher;
  #weights = 0;
  readonly #replaced = new Map<string, number>();

  private constructor(scene: FailoverScene) {
    this.#scene = scene;
    this.#server = createServer((client) => {
      const proxy = createConnection(scene.place.path('haproxy.sock'));
      client.on('data', (piece: Buffer) => {
        this.#weights += piece
          .toString()
          .split('\n')
          .filter((line) => line.startsWith('set weight')).length;
      });
      for (const socket of [client, proxy]) socket.on('error', () => {}); // a runner that was killed
      client.pipe(proxy).pipe(client);
    });
    this.#watcher = watch(scene.place.folder, (event, name) => {
      if (event === 'rename' && name !== null) this.#replaced.set(name, (this.#replaced.get(name) ?? 0) + 1);
    });
  }

  static async beside(scene: FailoverScene): Promise<FailoverLedger> {
    const ledger = new FailoverLedger(scene);
    await new Promise<void>((listens) => void ledger.#server.listen(scene.place.path('ledger.sock'), listens));
    await scene.changePlan((plan) => plan.replace('./haproxy.sock', './ledger.sock'));
    return ledger;
  }

  /** `site` takes the writes. */
  async effects(site: Site): Promise<Effects> {
    const scene = this.#scene;
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${scene.namePort}`]);
    const { serial } = await resolver.resolveSoa('shop.example');
    const { timeline } = await scene.server(site);
    return {
      promotions: timeline,
      overwritten: scene.writtenOver('west') + scene.writtenOver('east'),
      names: serial,
      weights: this.#weights,
      settings: this.#replaced.get('shop.env') ?? 0,
      addresses: this.#replaced.get('primary.url') ?? 0,
    };
  }

  async end(): Promise<void> {
    this.#watcher.close();
    await new Promise((closed) => void this.#server.close(closed));
  }
}

/** What was done between two looks. */
export const between = (before: Effects, after: Effects): Effects =>
  Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, Number(count) - before[name as keyof Effects]]),
  ) as unknown as Effects;
