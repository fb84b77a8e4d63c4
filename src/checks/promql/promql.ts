import { z } from 'zod';
import { LifeboatError, limits, messageOf, readText, systemCodeOf } from '../../core/index.ts';
import type { CheckContext, CheckKind, Observation } from '../check.ts';

const source = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ file: z.string() }),
  z.strictObject({ exec: z.tuple([z.string()], z.string()) }),
]);
const long = z.strictObject({
  query: z.string().min(1),
  url: z.string().min(1).optional().describe('Where Prometheus, or what speaks as it does, answers'),
  token: source.optional().describe('Sent as a bearer token'),
});
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;
type Long = z.infer<typeof long>;

/** More series than anybody compares: the query is another one than was meant. */
const seriesMax = 1_000;

/**
 * `promql: { query: up == 0, url: http://prometheus.example:9090 }`. Gives `value` (of the first series; null if there is none), `values`,
 * `series` (how many), `labels` (of each), `ms`. Green without `expect`: there is a series, and none is zero or no number. An empty answer is
 * red: nothing was measured, or it is too old. A query that is well when it gives nothing says `expect: series == 0`.
 */
export const promqlCheck: CheckKind<Settings> = {
  kind: 'promql',
  schema,
  notYet: (written) =>
    longOf(written as Settings).url === undefined
      ? 'a promql check that does not say where Prometheus answers (url)'
      : undefined,
  describe: (settings) => `the metric ${longOf(settings).query}`,
  observe: async (settings, context) => {
    const startedMs = context.clock.elapsed();
    const { type, samples, warnings } = await ask(longOf(settings), context);
    // A part of what was asked for may be missing: no comparison makes that an answer.
    const doubts = warnings.filter((words) => !words.startsWith('PromQL info:'));
    if (doubts.length > 0)
      throw new LifeboatError(
        'check.unanswered',
        `the server warns that its answer is not whole: ${doubts.join('; ')}`,
      );
    return observed(type, samples, warnings, context.clock.elapsed() - startedMs);
  },
};

const longOf = (settings: Settings): Long => (typeof settings === 'string' ? { query: settings } : settings);

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Answer {
  readonly type: string;
  readonly samples: readonly Sample[];
  readonly warnings: readonly string[];
}

const labels = z.record(z.string(), z.string());
const point = z.tuple([z.number(), z.string()]);
const success = z.object({
  status: z.literal('success'),
  data: z.union([
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: labels, value: point.optional() })),
    }),
    z.object({ resultType: z.literal('scalar'), result: point }),
    z.object({ resultType: z.enum(['matrix', 'string']), result: z.unknown() }),
  ]),
  warnings: z.array(z.string()).optional(),
});
const failure = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** Throws `check.unanswered`, and `check.failed` for a query that the server refuses. */
async function ask({ query, url: base, token }: Long, context: CheckContext): Promise<Answer> {
  const url = addressOf(base);
  url.searchParams.set('query', query);
  const text = await textFrom(url, token === undefined ? undefined : await readText(token), context.signal);
  const json = jsonOf(text, url);
  const refused = failure.safeParse(json);
  if (refused.success) {
    throw new LifeboatError('check.failed', `the query is refused (${refused.data.errorType}): ${refused.data.error}`);
  }
  const read = success.safeParse(json);
  if (!read.success) throw new LifeboatError('check.unanswered', `${url.origin} answers, but not as Prometheus does`);
  const { data, warnings = [] } = read.data;
  if (data.resultType === 'scalar') return { type: 'scalar', samples: [sampleOf({}, data.result)], warnings };
  if (data.resultType !== 'vector') {
    throw new LifeboatError(
      'check.failed',
      `the query gives a ${data.resultType}, and a check compares numbers of now`,
      {
        hint: 'Ask for a moment: last_over_time(…[5m]), max_over_time(…[1h]), count_over_time(…).',
      },
    );
  }
  if (data.result.length > seriesMax)
    throw new LifeboatError('check.failed', `the query gives ${data.result.length} series, more than ${seriesMax}`);
  const samples = data.result.map(({ metric, value }) => sampleOf(metric, value ?? [0, 'NaN']));
  return { type: 'vector', samples, warnings };
}

function addressOf(base: string | undefined): URL {
  if (base === undefined || !URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new LifeboatError('check.unanswered', `${base ?? 'nothing'} says where Prometheus answers`, {
      hint: 'Write promql: { query: …, url: http://prometheus.example:9090 }.',
    });
  }
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  return url;
}

async function textFrom(url: URL, token: string | undefined, signal: AbortSignal | undefined): Promise<string> {
  try {
    const response = await fetch(url, {
      // Where it leads to may be somebody else, and would get the token.
      redirect: 'error',
      headers: { connection: 'close', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(signal === undefined ? {} : { signal }),
    });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > limits.httpBodyBytesMax)
        throw new LifeboatError('check.failed', 'the answer is too large to be meant');
      pieces.push(piece);
    }
    const text = Buffer.concat(pieces).toString('utf8');
    // What refuses a query says so in JSON, with a status of 400 or 422; what asks for a token does not.
    if (response.status === 401 || response.status === 403)
      throw new LifeboatError('check.unanswered', `${url.origin} lets nobody in without a token (${response.status})`);
    return text;
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const why = systemCodeOf(cause) === 'ECONNREFUSED' ? 'connection refused' : messageOf(cause);
    throw new LifeboatError('check.unanswered', `${url.origin}: ${why}`, { cause: error });
  }
}

function jsonOf(text: string, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LifeboatError('check.unanswered', `${url.origin} answers, but not as Prometheus does`, { cause: error });
  }
}

/** `NaN`, `+Inf` and `-Inf` are texts there. */
const sampleOf = (metric: Readonly<Record<string, string>>, [, text]: readonly [number, string]): Sample => ({
  labels: metric,
  value: text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text),
});

function observed(type: string, samples: readonly Sample[], warnings: readonly string[], ms: number): Observation {
  const values = samples.map(({ value }) => value);
  const first = samples.slice(0, 3).map(({ labels: one, value }) => `${nameOf(one)}${value}`);
  const more = samples.length > first.length ? `, and ${samples.length - first.length} more` : '';
  const warned = warnings.length === 0 ? '' : `; the server warns: ${warnings.join('; ')}`;
  const seen = samples.length === 0 ? 'no series: nothing is measured now' : `${first.join(', ')}${more}`;
  return {
    variables: {
      value: values[0] ?? null,
      values,
      series: samples.length,
      labels: samples.map((one) => one.labels),
      ms,
    },
    ok: values.length > 0 && values.every((value) => value !== 0 && !Number.isNaN(value)),
    expected: type === 'scalar' ? 'a value that is not zero' : 'series, none of them zero',
    observed: `${seen}${warned}`,
  };
}

function nameOf(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = metric;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
  if (name === '' && pairs.length === 0) return '';
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} `;
}
