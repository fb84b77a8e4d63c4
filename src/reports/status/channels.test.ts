import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../journal/index.ts';
import type { Plan } from '../../plan/index.ts';
import { channelProblems } from './channels.ts';
import type { StatusFacts } from './facts.ts';

const nowMs = 10 * 3_600_000;
let sequence = 0;
const record = (kind: string, data: Record<string, unknown>): JournalRecord => ({
  sequence: (sequence += 1),
  atMs: nowMs - 2 * 3_600_000,
  kind,
  run: undefined,
  data,
  hash: '',
});
const problems = (...records: JournalRecord[]): string[] => {
  const plan = { channels: new Map([['ops', { type: 'console' }]]) } as unknown as Plan;
  return channelProblems({ plan, nowMs, records } as unknown as StatusFacts).map(
    ({ about, words, hint }) => `${about} ${words} (${hint})`,
  );
};
const failed = (through: string): JournalRecord =>
  record('message.failed', { key: 'k', through, error: { message: 'answers 410' } });

describe('a channel in the status', () => {
  it('that took nothing the last time is a problem, until it takes something', () => {
    expect(problems(failed('ops'))).toEqual([
      'the channel ops has taken no message for 2 h: answers 410 (lifeboat channel test ops)',
    ]);
    expect(problems(failed('ops'), record('message.sent', { key: 'k', through: 'ops' }))).toEqual([]);
  });

  it('that the plan does not have any more is none', () => {
    expect(problems(failed('gone'))).toEqual([]);
  });

  it('says what nobody has taken yet', () => {
    const queued = record('message.queued', { key: 'k', channel: 'ops', subject: 'The shop is down', body: '' });
    expect(problems(queued)).toEqual([]);
    const untaken = record('message.undelivered', { key: 'k', channel: 'ops', failed: [] });
    expect(problems(queued, untaken)).toEqual([
      'messages to people 1 was taken by no channel, the first: The shop is down (lifeboat channel test)',
    ]);
  });
});
