import { randomBytes } from 'node:crypto';
import { limits, systemClock, type Clock } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { SpanExport } from './exporter.ts';
import { Spans, traceIdOf, type Root } from './spans.ts';

export { traceIdOf } from './spans.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether somebody wants traces, as the standard variables say it: an address of a receiver, and nothing that switches them off. */
export const wantsTraces = (environment: Environment): boolean =>
  environment['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true' &&
  !['none', 'console'].includes(environment['OTEL_TRACES_EXPORTER'] ?? 'otlp') &&
  [environment['OTEL_EXPORTER_OTLP_ENDPOINT'], environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']].some(Boolean);

/**
 * What a journal takes becomes spans. One for a process: a task of the schedule and the backup that it does write into the same journal by two hands. A
 * receiver that is away costs spans, never the work.
 */
export class Traces {
  readonly #exported: SpanExport;
  readonly #root: Root;
  readonly #spans: Spans;
  readonly #clock: Clock;

  constructor(exported: SpanExport, root: Root, clock: Clock) {
    this.#exported = exported;
    this.#root = root;
    this.#spans = new Spans(root);
    this.#clock = clock;
  }

  /** The same journal, watched. The record that begins a run holds the id of its trace. */
  around(journal: Journal): Journal {
    const firstOf = (run: string) => journal.records({ run }).find(({ kind }) => kind === 'run.started');
    return {
      append: (kind, data, of = {}) => {
        const more = kind === 'run.started' && of.run !== undefined ? { trace: traceIdOf(of.run) } : {};
        const record = journal.append(kind, { ...data, ...more }, of);
        const span = this.#spans.take(record, firstOf);
        if (span !== undefined) this.#exported.send(span);
        return record;
      },
      records: (filter) => journal.records(filter),
      rows: (after, most) => journal.rows(after, most),
      last: () => journal.last(),
      remember: (chain, rows) => journal.remember(chain, rows),
      verify: (known) => journal.verify(known),
      close: () => journal.close(),
    };
  }

  /** Waits for a receiver as long as nobody minds. */
  async flush(): Promise<void> {
    const over = new AbortController();
    const bound = this.#clock.sleep(limits.tracesFlushMs, over.signal).catch(() => {}); // all was taken before
    // Who receives traces must not decide whether a backup was one: what is lost is a picture of it.
    await Promise.race([this.#exported.flush().catch(() => {}), bound]);
    over.abort();
  }

  /** Of work that belongs to no run, as W3C Trace Context writes it. */
  get traceId(): string {
    return this.#root.traceId;
  }
}

let opened: Promise<Traces> | undefined;

/** The traces of this process; undefined: nobody wants any, and nothing was loaded. */
export function tracesOf(version: string, environment: Environment = process.env): Promise<Traces> | undefined {
  if (!wantsTraces(environment)) return undefined;
  opened ??= import('./exporter.ts').then(
    ({ openExport }) =>
      new Traces(openExport(version, resourceOf(version, environment)), rootOf(environment), systemClock),
  );
  return opened;
}

/** TRACEPARENT: `00-32 hex-16 hex-flags`, of whoever started us, or a root of our own without a span. */
export function rootOf(environment: Environment): Root {
  const [, traceId, spanId] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(environment['TRACEPARENT'] ?? '') ?? [];
  if (traceId !== undefined && spanId !== undefined && !/^0+$/.test(traceId) && !/^0+$/.test(spanId))
    return { traceId, spanId };
  return { traceId: randomBytes(16).toString('hex'), spanId: undefined };
}

/** OTEL_RESOURCE_ATTRIBUTES: `key=value,…` with values as in addresses. */
export function resourceOf(version: string, environment: Environment): Record<string, string> {
  const given = (environment['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',').flatMap((pair): [string, string][] => {
    const [key = '', value] = pair.split('=').map((part) => part.trim());
    return key === '' || value === undefined ? [] : [[key, decoded(value)]];
  });
  const { OTEL_SERVICE_NAME: name = '' } = environment;
  const own = { 'service.name': 'lifeboat', 'service.version': version.replace(/^\S+ /, '') };
  return { ...own, ...Object.fromEntries(given), ...(name === '' ? {} : { 'service.name': name }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // as it was written
  }
}
