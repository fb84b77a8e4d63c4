import { s3Store } from '../../src/stores/s3/index.ts';
import { testContext, testS3Settings } from '../../src/stores/testing/s3-place.ts';
import { startS3Server, type S3Server } from '../../src/testing/s3/index.ts';
import type { Store } from '../../src/stores/index.ts';

/** A bucket of a real server in which each run of a sweep has a copy of the store of the template, below a prefix of its own. */
export class SweptBucket {
  readonly #server: S3Server;
  #template: { name: string; bytes: Buffer }[] = [];

  private constructor(server: S3Server) {
    this.#server = server;
  }

  static async make(): Promise<SweptBucket> {
    return new SweptBucket(await startS3Server());
  }

  /** The store as the plan of that run declares it. */
  planOf(run: string): string {
    const { endpoint, accessKeyId } = this.#server;
    const key = `accessKeyId: ${accessKeyId}, secretAccessKey: { env: LB_TEST_S3_SECRET }`;
    return `{ type: s3, endpoint: "${endpoint}", bucket: faults, prefix: ${run}/, ${key}, domain: safe }`;
  }

  open(run: string, create = false): Promise<Store> {
    const settings = testS3Settings(this.#server.endpoint, { bucket: 'faults', prefix: `${run}/` });
    return s3Store.open(settings, testContext({ create }));
  }

  /** From now on copies are made of what the template holds. */
  async keepTemplate(): Promise<void> {
    const store = await this.open('template');
    for await (const { name } of store.list('')) this.#template.push({ name, bytes: await store.get(name) });
    await store.close();
  }

  async copy(run: string): Promise<void> {
    const store = await this.open(run);
    await Promise.all(this.#template.map(({ name, bytes }) => store.put(name, [bytes])));
    await store.close();
  }

  /** Names and sizes of what a run's store holds, but for the records that every command ships. */
  async picture(run: string): Promise<Record<string, number>> {
    const store = await this.open(run);
    const objects = await Array.fromAsync(store.list(''));
    await store.close();
    return Object.fromEntries(
      objects.filter(({ name }) => !name.startsWith('journal/')).map(({ name, bytes }) => [name, bytes]),
    );
  }

  /** The server keeps all in memory. */
  async remove(run: string): Promise<void> {
    const store = await this.open(run);
    const objects = await Array.fromAsync(store.list(''));
    await Promise.all(objects.map(({ name }) => store.remove(name)));
    await store.close();
  }

  end(): Promise<void> {
    return this.#server.destroy();
  }
}
