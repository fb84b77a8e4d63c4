import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from './document.ts';
import { inspectPlan } from './load.ts';
import { beyondFill, fill } from './message-template.ts';
import { smallPlan } from './testing/check-text.ts';
import { testKinds } from './testing/kinds.ts';

const values = { incident: { duration: '12m', start: undefined }, run: { reached: { time: '2026-11-21T09:00:00Z' } } };

describe('a template', () => {
  it('is filled with what is known', () => {
    expect(fill('Back after {{ incident.duration }}, up to {{run.reached.time}}.', values)).toEqual({
      text: 'Back after 12m, up to 2026-11-21T09:00:00Z.',
      unknown: [],
    });
  });

  it('shows a hole as a hole: the message goes out all the same', () => {
    expect(fill('Since {{ incident.start }} {{ no.such.name }} {{ run }}', values)).toEqual({
      text: 'Since (incident.start: not known) (no.such.name: not known) (run: not known)',
      unknown: ['incident.start', 'no.such.name', 'run'],
    });
  });

  it('reaches nothing but what it was given', () => {
    const tricks = ['constructor.name', '__proto__.polluted', 'incident.toString', 'run.reached.time.length'];
    expect(tricks.map((path) => fill(`{{ ${path} }}`, values).unknown)).toEqual(tricks.map((path) => [path]));
  });

  it('that holds more than names is told of when the plan is read, and not on the day', () => {
    const text = `${smallPlan}templates: { t: { subject: "{{ a.b }}", body: "{% if a %}x{% endif %}" } }\n`;
    const { findings } = inspectPlan(parseText('plan.yaml', text), testKinds);
    expect(findings).toMatchObject([{ code: 'plan.not_executable', path: 'templates.t.body' }]);
  });

  it('is refused where it holds more than names', () => {
    expect(beyondFill('{% if run %}')).toBe('the tag if');
    expect(beyondFill('{{ run.reached.time | date: "%H" }}')).toContain('| date');
    expect(() => fill('{{ a | b }}', values)).toThrow('only names are filled in');
  });

  it('puts values in once: a value that looks like a template stays as it is', () => {
    assert(
      property(string(), (value) => {
        expect(fill('<{{ a }}>', { a: value }).text).toBe(`<${value}>`);
        expect(fill('<{{ a }}>', { a: `{{ b }}${value}`, b: 'wrong' }).text).toBe(`<{{ b }}${value}>`);
      }),
    );
  });
});
