export interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What is told at one moment, as it stands in the text that Prometheus scrapes, found by name and label. */
export class Series {
  readonly #byName = new Map<string, Value[]>();
  readonly #byLabel = new Map<string, Value[]>();
  readonly nowMs: number;
  readonly #history: History;

  constructor(text: string, nowMs: number, history: History) {
    this.nowMs = nowMs;
    this.#history = history;
    for (const line of text.split('\n')) if (line !== '' && !line.startsWith('#')) this.#add(line);
  }

  named(name: string, wanted: Readonly<Record<string, string>>): Value[] {
    const pairs = Object.entries(wanted);
    const [label, value] = pairs.at(-1) ?? [];
    const near = label === undefined ? this.#byName.get(name) : this.#byLabel.get(`${name} ${label} ${value}`);
    return (near ?? []).filter(({ labels }) => pairs.every(([key, text]) => labels[key] === text));
  }

  /** Notes the present values of a metric, and gives the means over a time. */
  means(name: string, wanted: Readonly<Record<string, string>>, overMs: number): Value[] {
    return this.named(name, wanted).map(({ labels, value }) => ({
      labels,
      value: this.#history.mean(keyOf(name, labels), this.nowMs, value, overMs),
    }));
  }

  #add(line: string): void {
    const brace = line.indexOf('{');
    const at = line.lastIndexOf(' ');
    const name = line.slice(0, brace);
    const labels = labelsOf(line.slice(brace, at));
    const one = { labels, value: Number(line.slice(at + 1).replace('Inf', 'Infinity')) };
    push(this.#byName, name, one);
    for (const [label, value] of Object.entries(labels)) push(this.#byLabel, `${name} ${label} ${value}`, one);
  }
}

/** How a metric went, kept as its changes: a mean over a week needs no sample of every minute. */
export class History {
  readonly #changes = new Map<string, { atMs: number; value: number }[]>();

  mean(key: string, nowMs: number, value: number, overMs: number): number {
    const changes = this.#changes.get(key) ?? [];
    if (changes.at(-1)?.value !== value) changes.push({ atMs: nowMs, value });
    // The one that held when the time began is kept, and no more than so many.
    while ((changes[1]?.atMs ?? Infinity) < nowMs - overMs || changes.length > changesMax) changes.shift();
    this.#changes.set(key, changes);
    let [sum, spanMs] = [0, 0];
    for (const [index, { atMs, value: held }] of changes.entries()) {
      const fromMs = Math.max(atMs, nowMs - overMs);
      const heldMs = Math.max(0, (changes[index + 1]?.atMs ?? nowMs) - fromMs);
      sum += held * heldMs;
      spanMs += heldMs;
    }
    return spanMs === 0 ? value : sum / spanMs;
  }

  /** What was before anybody looked; in the order of time. */
  remember(name: string, labels: Readonly<Record<string, string>>, atMs: number, value: number): void {
    const key = keyOf(name, labels);
    const changes = this.#changes.get(key) ?? [];
    if (changes.at(-1)?.value !== value) changes.push({ atMs, value });
    if (changes.length > changesMax) changes.shift();
    this.#changes.set(key, changes);
  }
}

/** Of a point each five minutes, a week has two thousand; a mean of the newest part of it says nearly the same. */
const changesMax = 500;

export const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name} ${JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)))}`;

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [
      key,
      value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
    ]),
  );

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
