import { remoteWrite, type TestPrometheus, type WrittenSeries } from '../../../testing/prometheus/index.ts';

/** What a Prometheus keeps of the metrics of one server or several: a sample of each series at each scrape. */
export class SeriesRecord {
  readonly #series = new Map<string, { readonly labels: Record<string, string>; samples: [number, number][] }>();
  readonly #names = new Map<string, string>();
  readonly #written: WrittenSeries[][] = [];
  #alive = new Set<string>();
  #scrapes = 0;

  /** One scrape of all servers that answered; `instance` tells them apart. */
  take(atMs: number, texts: ReadonlyMap<string, string>): void {
    const seen = new Set<string>();
    for (const [instance, text] of texts) {
      for (const line of text.split('\n')) {
        if (line === '' || line.startsWith('#')) continue;
        const at = line.lastIndexOf(' ');
        const name = this.#nameOf(instance, line.slice(0, at));
        seen.add(name);
        this.#series.get(name)?.samples.push([atMs, numberOf(line.slice(at + 1))]);
      }
    }
    // What a scrape does not find any more is stale at once, and not remembered for five minutes.
    for (const name of this.#alive) if (!seen.has(name)) this.#series.get(name)?.samples.push([atMs, Number.NaN]);
    this.#alive = seen;
    this.#scrapes += 1;
    if (this.#scrapes % scrapesAtOnce === 0) this.#seal();
  }

  /** Brings it to a Prometheus, in the order of time. */
  async writeTo(prometheus: TestPrometheus): Promise<void> {
    this.#seal();
    for (const batch of this.#written) await remoteWrite(prometheus.url, batch);
  }

  #seal(): void {
    const batch = [...this.#series.values()].filter(({ samples }) => samples.length > 0);
    this.#written.push(batch.map(({ labels, samples }) => ({ labels, samples })));
    for (const one of batch) one.samples = [];
  }

  #nameOf(instance: string, text: string): string {
    const key = `${instance} ${text}`;
    if (!this.#names.has(key)) {
      const metric = text.slice(0, text.indexOf('{'));
      this.#names.set(key, key);
      const labels = { ...labelsOf(text), __name__: metric, instance, job: 'lifeboat' };
      this.#series.set(key, { labels, samples: [] });
    }
    return key;
  }
}

/** A server takes samples that are up to an hour older than its newest. */
const scrapesAtOnce = 30;

const numberOf = (text: string): number => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text));

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [
      key,
      value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
    ]),
  );
