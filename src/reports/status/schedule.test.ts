import { describe, expect, it } from 'vitest';
import type { ScheduleFacts, StatusFacts, TaskFact } from './facts.ts';
import { scheduleStatus } from './schedule.ts';
import type { ScheduleStatus } from './status-types.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const minute = 60_000;
const fine: ScheduleFacts = {
  keptMs: nowMs - 60 * minute,
  hold: { host: 'app1', atMs: nowMs - 10_000, lengthMs: 2 * minute },
  allAnswered: true,
  tasks: [],
};
const of = (schedule: Partial<ScheduleFacts>): ScheduleStatus =>
  scheduleStatus({ schedule: { ...fine, ...schedule }, nowMs } as StatusFacts);
const task = (name: string, more: Partial<TaskFact>): TaskFact => ({
  task: name,
  state: 'done',
  beganMs: nowMs - 5 * minute,
  endedMs: nowMs - 4 * minute,
  doneMs: nowMs - 4 * minute,
  silentMs: undefined,
  redMs: undefined,
  redWords: '',
  words: 'as it should be',
  failures: 0,
  missed: 0,
  ...more,
});

describe('who keeps the schedule', () => {
  it('is who showed it in a store a moment ago', () => {
    expect(of({})).toMatchObject({ kept: 'now', host: 'app1', problems: [] });
  });

  it('is nobody when the last sign is too old, and that is a problem where somebody ever did', () => {
    const hold = { host: 'app1', atMs: nowMs - 60 * minute, lengthMs: 2 * minute };
    expect(of({ hold })).toMatchObject({
      kept: 'nobody',
      host: undefined,
      problems: [{ code: 'schedule', hint: 'lifeboat serve' }],
    });
    expect(of({ hold }).problems[0]?.words).toBe('nobody keeps it; the last sign of somebody is 1 h old');
    expect(of({ hold: undefined })).toMatchObject({ kept: 'nobody' });
  });

  it('is left to others where nobody ever did, and unknown while a store does not answer', () => {
    expect(of({ hold: undefined, keptMs: undefined })).toMatchObject({ kept: 'never', problems: [] });
    expect(of({ hold: undefined, allAnswered: false })).toMatchObject({ kept: 'unknown', problems: [] });
  });
});

describe('what is done on a calendar', () => {
  it('is red when it hangs, failed or found something bad, with what to type', () => {
    const tasks = [
      task('backup orders', {}),
      task('backup mail', { state: 'begun', silentMs: nowMs - minute }),
      task('copy near to far', { state: 'failed', failures: 3, words: 'far is away' }),
      task('verify daily', { state: 'red', redMs: nowMs - 4 * minute, redWords: 'a pack is damaged' }),
      task('verify weekly', {
        state: 'failed',
        failures: 1,
        words: 'near is away',
        redMs: nowMs - 60 * minute,
        redWords: 'a point is damaged',
      }),
      task('prune near', { state: 'failed', failures: 1, words: 'locked' }),
      task('drill weekly', { state: 'red', redMs: nowMs, redWords: 'told of with the drills' }),
      task('backup busy', { state: 'begun' }),
    ];
    expect(of({ tasks }).problems.map(({ about, words, hint }) => `${about} ${words} → ${hint}`)).toEqual([
      'backup mail is under way since 5 m and hangs → lifeboat backup mail',
      'copy near to far failed 3 times in a row, last 4 m ago: far is away → lifeboat store replicate near far',
      'verify daily found 4 m ago: a pack is damaged → lifeboat verify --due',
      'verify weekly failed 4 m ago: near is away → lifeboat verify --due',
      'verify weekly found 1 h ago: a point is damaged → lifeboat verify --due',
      'prune near failed 4 m ago: locked → lifeboat store prune near',
    ]);
  });
});
