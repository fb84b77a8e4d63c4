import { describe, expect, it } from 'vitest';
import { parseText } from './document.ts';
import { inspectPlan } from './load.ts';
import { smallPlan } from './testing/check-text.ts';
import { testKinds } from './testing/kinds.ts';

/** Of a plan with one window, for which a step waits. */
function told(window: string): string[] {
  const steps = 'scenarios: { lost: { steps: [{ id: look, check: { tcp: "127.0.0.1:1" }, window: quiet }] } }';
  const { findings } = inspectPlan(
    parseText('plan.yaml', `${smallPlan}windows: { quiet: ${window} }\n${steps}\n`),
    testKinds,
  );
  return findings.flatMap(({ code, severity, path, message }) =>
    code === 'plan.not_executable' && path?.includes('window') === true ? [`${severity} ${message}`] : [],
  );
}

describe('a step that waits for a window', () => {
  it('is warned of where nothing says when that opens: no run would ever begin it', () => {
    expect(told('{ about: when it suits }')).toEqual([
      expect.stringMatching(/^warning .*quiet does not say when it opens/),
    ]);
    expect(told('{ every: saturday at 22:00 }')).toEqual([expect.stringMatching(/^warning .*for how long it opens/)]);
  });

  it('is right where it opens', () => {
    expect(told('{ every: saturday at 22:00, for: 4h }')).toEqual([]);
  });
});
