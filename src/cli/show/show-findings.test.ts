import { describe, expect, it } from 'vitest';
import type { Finding } from '../../plan/index.ts';
import { createOutput } from '../output.ts';
import { showFindings } from './show-findings.ts';

const later = (what: string, line: number): Finding => ({
  code: 'plan.not_executable',
  severity: 'info',
  message: `${what} is kept and checked for its form, but not executable yet.`,
  path: 'scenarios',
  hint: 'Wait for a later version.',
  file: 'lifeboat.yaml',
  line,
  column: 1,
});
const wrong: Finding = { ...later('', 9), code: 'time.rpo', severity: 'error', message: 'the RPO is 1 h' };

function shown(findings: readonly Finding[], all = false): string[] {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(text.trimEnd()) };
  const output = createOutput({ stream, silent: false, environment: { NO_COLOR: '1' }, beforeLine: () => {} });
  showFindings(findings, output, all);
  return lines;
}

describe('findings on a terminal', () => {
  const many = [
    later('the step ramp', 1),
    later('the step fence', 2),
    wrong,
    later('the step ramp', 3),
    later('the step ramp', 4),
  ];

  it('sum up what nothing executes yet, so that what is wrong is seen', () => {
    expect(shown(many)).toEqual([
      expect.stringMatching(/^error: {3}lifeboat\.yaml:9:1 .*the RPO is 1 h/),
      expect.stringContaining('4 parts of the plan are kept'),
    ]);
    expect(shown(many)[1]).toContain('the step ramp (3), the step fence. --notes lists them.');
  });

  it('never sum up what is a warning: a run would refuse it', () => {
    const refused: Finding = { ...later('', 5), severity: 'warning', message: 'the window quiet never opens' };
    expect(shown([...many, refused]).filter((line) => line.includes('never opens'))).toHaveLength(1);
  });

  it('are told one by one where they are few, or wanted', () => {
    expect(shown(many.slice(0, 3))).toHaveLength(3);
    expect(shown(many, true)).toHaveLength(5);
  });
});
