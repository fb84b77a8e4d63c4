/** One line of a metric: what it is about, and how much. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/**
 * Metrics in the text format that Prometheus reads. Our own, because all of it is made anew from the journal at each request: a registry that
 * counts along would be a second truth, and would forget at each start.
 */
export class Exposition {
  readonly #lines: string[] = [];
  readonly #common: Readonly<Record<string, string>>;

  /** `common`: labels of every sample. */
  constructor(common: Readonly<Record<string, string>>) {
    this.#common = common;
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, 'gauge', help, samples);
  }

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, 'counter', help, samples);
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #add(name: string, type: string, help: string, samples: readonly Sample[]): void {
    this.#lines.push(
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
    );
    for (const [labels, value] of samples) this.#lines.push(`${name}${this.#labels(labels)} ${numberText(value)}`);
  }

  #labels(labels: Readonly<Record<string, string>>): string {
    const all = Object.entries({ ...this.#common, ...labels });
    return `{${all.map(([key, value]) => `${key}="${escaped(value)}"`).join(',')}}`;
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
