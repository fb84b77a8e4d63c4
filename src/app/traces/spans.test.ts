import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import { resourceOf, rootOf, tracesOf, wantsTraces } from './index.ts';
import { Spans, traceIdOf } from './spans.ts';

const root = { traceId: 'a'.repeat(32), spanId: undefined };
let sequence = 0;
function record(kind: string, data: Record<string, unknown>, run?: string): JournalRecord {
  sequence += 1;
  return { sequence, atMs: sequence * 1000, kind, run, data, hash: sequence.toString(16).padStart(64, '0') };
}
const nobody = (): undefined => undefined;

describe('spans of records', () => {
  it('of a run that another process began have the same trace, and begin when it began', () => {
    const started = record('run.started', { scenario: 'lost', mode: 'real' }, 'r1');
    expect(new Spans(root).take(started, nobody)).toBeUndefined();
    const other = new Spans(root);
    other.take(record('step.started', { step: 'back', kind: 'restore', attempt: 2 }, 'r1'), nobody);
    const step = other.take(record('step.finished', { step: 'back', kind: 'restore', state: 'done' }, 'r1'), nobody);
    const run = other.take(record('run.finished', { verdict: 'done' }, 'r1'), () => started);
    expect(step).toMatchObject({ traceId: traceIdOf('r1'), parentId: run?.spanId, name: 'step restore back' });
    expect(run).toMatchObject({ traceId: traceIdOf('r1'), startMs: started.atMs, name: 'run lost', wrong: undefined });
  });

  it('put what a task of the schedule does into that task, and tasks of their own apart', () => {
    const spans = new Spans(root);
    spans.take(record('schedule.started', { task: 'backup docs', missed: 0 }), nobody);
    spans.take(record('schedule.started', { task: 'backup mail', missed: 0 }), nobody);
    const begun = record('backup.started', { asset: 'docs', store: 'near' });
    spans.take(begun, nobody);
    const backup = spans.take(
      record('backup.failed', {
        intent: begun.sequence,
        asset: 'docs',
        error: { code: 'store.unreachable', message: 'no' },
      }),
      nobody,
    );
    const docs = spans.take(
      record('schedule.finished', { task: 'backup docs', state: 'failed', code: 'store.unreachable' }),
      nobody,
    );
    const mail = spans.take(record('schedule.finished', { task: 'backup mail', state: 'done' }), nobody);
    expect(backup).toMatchObject({ traceId: docs?.traceId, parentId: docs?.spanId, wrong: 'store.unreachable' });
    expect(docs).toMatchObject({ name: 'schedule backup docs', parentId: undefined, wrong: 'store.unreachable' });
    expect(mail?.traceId).not.toBe(docs?.traceId);
    expect(mail?.wrong).toBeUndefined();
  });

  it('end where it is found that a process was killed, and are not called right: nobody knows what became of them', () => {
    const spans = new Spans(root);
    const begun = record('restore.started', { asset: 'docs', store: 'near' });
    spans.take(begun, nobody);
    const { sequence: intent } = begun;
    expect(spans.take(record('restore.checked', { intent, asset: 'docs' }), nobody)).toBeUndefined();
    const found = spans.take(record('restore.interrupted', { intent, asset: 'docs', reason: 'killed' }), nobody);
    expect(found).toMatchObject({ name: 'restore docs', startMs: begun.atMs, wrong: 'interrupted' });
  });

  it('take over names, numbers and states alone, whatever a record holds', () => {
    const words = fc.dictionary(
      fc.string(),
      fc.oneof(fc.constant('SECRET'), fc.constant({ deep: 'SECRET' }), fc.constant(['SECRET'])),
    );
    const known = new Set([
      'asset',
      'store',
      'from',
      'to',
      'point',
      'task',
      'scenario',
      'mode',
      'step',
      'kind',
      'state',
      'verdict',
      'depth',
      'code',
    ]);
    fc.assert(
      fc.property(words, (data) => {
        const rest = Object.fromEntries(Object.entries(data).filter(([key]) => !known.has(key)));
        const spans = new Spans(root);
        const begun = record('restore.started', { ...rest, asset: 'docs' });
        spans.take(begun, nobody);
        const made = spans.take(
          record('restore.finished', { ...rest, intent: begun.sequence, summary: 'SECRET' }),
          nobody,
        );
        expect(JSON.stringify(made)).not.toContain('SECRET');
        expect(made?.name).toBe('restore docs');
      }),
      { examples: [[{ ok: 'SECRET' }], [{ bytes: 'SECRET', attempt: 'SECRET' }]] },
    );
  });

  it('forget in the end what began and never ended', () => {
    const spans = new Spans(root);
    const first = record('backup.started', { asset: 'docs', store: 'near' });
    spans.take(first, nobody);
    for (let n = 0; n < limits.tracedAtOnce; n += 1)
      spans.take(record('backup.started', { asset: 'docs', store: 'near' }), nobody);
    expect(spans.take(record('backup.finished', { intent: first.sequence }), nobody)).toBeUndefined();
  });
});

describe('the standard variables', () => {
  it('say whether traces are wanted; without an address nothing is loaded', () => {
    const there = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
    expect(wantsTraces(there)).toBe(true);
    expect(wantsTraces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' })).toBe(true);
    expect(wantsTraces({ ...there, OTEL_SDK_DISABLED: 'true' })).toBe(false);
    expect(wantsTraces({ ...there, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
    expect(tracesOf('lifeboat 1', {})).toBeUndefined();
  });

  it('name the service, and whoever started us', () => {
    expect(
      resourceOf('lifeboat 1.2', { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,team=sea%20side,broken=%zz,,x' }),
    ).toEqual({
      'service.name': 'a',
      'service.version': '1.2',
      team: 'sea side',
      broken: '%zz',
    });
    expect(
      resourceOf('lifeboat 1.2', { OTEL_SERVICE_NAME: 'b', OTEL_RESOURCE_ATTRIBUTES: 'service.name=a' })[
        'service.name'
      ],
    ).toBe('b');
    for (const wrong of [
      '',
      'x',
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
    ])
      expect(rootOf({ TRACEPARENT: wrong })).toMatchObject({
        spanId: undefined,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
  });
});
