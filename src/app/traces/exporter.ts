import { SpanStatusCode, TraceFlags, trace, ROOT_CONTEXT, type HrTime } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BasicTracerProvider, BatchSpanProcessor, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import type { TracedSpan } from './spans.ts';

export interface SpanExport {
  send(span: TracedSpan): void;
  /** Resolves when a receiver has them, or has not answered in the exporter's own time. */
  flush(): Promise<void>;
}

/**
 * The SDK of OpenTelemetry, sending by OTLP over HTTP. Where to, with which headers and how long it may take it reads itself, from the standard variables
 * (OTEL_EXPORTER_OTLP_…, OTEL_BSP_…, OTEL_TRACES_SAMPLER).
 */
export function openExport(version: string, resource: Readonly<Record<string, string>>): SpanExport {
  const ids = new GivenIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: resourceOf(resource),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('lifeboat', version);
  return {
    send: (span) => {
      ids.next = span;
      const { traceId, parentId: spanId } = span;
      const parent =
        spanId === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
      const made = tracer.startSpan(
        span.name,
        { startTime: momentOf(span.startMs), attributes: { ...span.attributes } },
        parent,
      );
      if (span.wrong !== undefined) {
        made.setAttribute('error.type', span.wrong);
        made.setStatus({ code: SpanStatusCode.ERROR, message: span.wrong });
      }
      made.end(momentOf(span.endMs));
    },
    flush: () => provider.forceFlush(),
  };
}

/** Ids follow from the records; the SDK would draw them. */
class GivenIds implements IdGenerator {
  next: Pick<TracedSpan, 'traceId' | 'spanId'> = { traceId: '', spanId: '' };
  generateTraceId = (): string => this.next.traceId;
  generateSpanId = (): string => this.next.spanId;
}

/** A number below the age of this process would be taken for one of another clock. */
const momentOf = (ms: number): HrTime => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];

type Resource = NonNullable<NonNullable<ConstructorParameters<typeof BasicTracerProvider>[0]>['resource']>;

function resourceOf(attributes: Readonly<Record<string, string>>): Resource {
  const resource: Resource = {
    attributes,
    merge: (other) =>
      other === null ? resource : resourceOf({ ...attributes, ...(other.attributes as typeof attributes) }),
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}
