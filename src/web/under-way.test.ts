import { expect, it } from 'vitest';
import type { RunSummary } from '../api/contract/index.ts';
import { timeWords, underWay } from './ui/data/under-way.ts';

const run = (id: string, mode: RunSummary['mode'], verdict: RunSummary['verdict']): RunSummary =>
  ({ run: id, mode, verdict }) as RunSummary;
const drills = (verdict: RunSummary['verdict']): RunSummary[] =>
  Array.from({ length: 50 }, (_, at) => run(`drill ${at}`, 'drill', verdict));
const shown = (real: readonly RunSummary[], newest: readonly RunSummary[]): string[] =>
  underWay(real, newest).map((one) => one.run);

it('a recovery that waits for people is shown however many drills came after it', () => {
  expect(shown([run('real', 'real', 'needs-human')], drills('done'))).toEqual(['real']);
});

it('a recovery that failed is shown until it is given up or another one begins, and what runs comes before it', () => {
  const failed = run('failed', 'real', 'failed');
  const drill = run('drill', 'drill', 'unfinished');
  expect(shown([failed], [drill, failed])).toEqual(['failed', 'drill']);
  expect(shown([failed, run('older', 'real', 'paused')], [])).toEqual(['older', 'failed']);
  expect(shown([run('after', 'real', 'done'), failed], [])).toEqual([]);
  expect(shown([run('again', 'real', 'unfinished'), failed], [])).toEqual(['again']);
  expect(shown([run('given up', 'real', 'cancelled')], drills('failed'))).toEqual([]);
});

it('only a run that came to its end has a recovery time', () => {
  expect(['done', 'failed', 'cancelled', 'paused'].map((verdict) => timeWords(verdict as 'done'))).toEqual([
    'RTO',
    'Until it failed',
    'Until it was cancelled',
    'Since the impact',
  ]);
});
