import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A network between a browser and a server that can be pulled out, and put back in. */
export class Cable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #isOut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(url: string): Promise<Cable> {
    const { hostname, port } = new URL(url);
    const server = createServer((near) => {
      if (cable.#isOut) return void near.destroy();
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        cable.#open.add(one);
        one.on('error', () => other.destroy()); // it was pulled out, or one of them has gone
        one.on('close', () => {
          cable.#open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    const cable = new Cable(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cable;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  pullOut(): void {
    this.#isOut = true;
    for (const socket of this.#open) socket.destroy();
  }

  putIn(): void {
    this.#isOut = false;
  }

  async close(): Promise<void> {
    this.pullOut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
