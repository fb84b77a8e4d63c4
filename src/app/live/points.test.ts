import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup, restore, verify } from '../../operations/index.ts';
import { clockAhead, frame, LivePlace } from './testing/live-place.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** `every: 1d` is due when the day begins. */
const untilDueMs = (): number => dayMs - (Date.now() % dayMs);

const plan = `${frame}assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }
services: { wiki: { needs: [docs], objectives: { rto: 1h, rpo: 25h } } }
scenarios: { gone: { loses: { domains: [here] }, steps: [{ id: back, restore: docs, into: new, budget: 5m }] } }
`;

describe('check --live: the points there are', () => {
  let place: LivePlace;
  beforeEach(async () => {
    place = await LivePlace.make(plan);
    await place.makeFolder('docs');
    await place.makeStore('near');
    await place.inWorkspace((workspace) => backup(workspace, 'docs'));
  });
  afterEach(() => place.remove());

  it('live.point_old: late by the calendar is a warning, older than the RPO an error; each with its figures', async () => {
    expect(await place.codes({ clock: clockAhead(untilDueMs() - hourMs / 60) })).toEqual([]);
    const late = await place.check({ clock: clockAhead(untilDueMs() + hourMs / 2) });
    expect(late.filter(({ code }) => code === 'live.point_old')).toMatchObject([{ severity: 'warning', line: 7 }]);
    const old = await place.check({ clock: clockAhead(26 * hourMs) });
    expect(old.filter(({ code }) => code === 'live.point_old')).toMatchObject([
      {
        severity: 'error',
        message: 'the newest point of docs in near is 26 h old, and the service wiki may lose 25 h',
      },
    ]);
  });

  it('live.clock: a point from the future', async () => {
    expect(await place.codes({ clock: clockAhead(-hourMs) })).toEqual(['7 live.clock']);
  });

  it('live.source_changed: the asset is no longer the one that was backed up', async () => {
    await rename(place.path('docs'), place.path('papers'));
    await place.write(plan.replace('./docs', './papers'));
    expect(await place.codes()).toEqual(['7 live.source_changed']);
  });

  it('live.verify_overdue: never is said, and so is too long ago', async () => {
    await place.write(plan.replace('to: [near] }', 'to: [near], verify: { every: 1d } }'));
    expect(await place.codes()).toEqual(['6 live.verify_overdue']);
    await place.inWorkspace((workspace) => verify(workspace, { assets: [], everything: false }));
    expect(await place.codes()).toEqual([]);
    const [sentence] = await place.said('live.verify_overdue', { clock: clockAhead(untilDueMs() + hourMs / 2) });
    expect(sentence).toMatch(/^the points of docs in near should have been verified \d+ min ago$/);
  });

  it('live.backup_time: the last backup took longer than its budget', async () => {
    await place.write(plan.replace('to: [near] }', 'to: [near], budget: 1ms }'));
    expect(await place.codes()).toEqual(['6 live.backup_time']);
    await place.write(plan.replace('to: [near] }', 'to: [near], budget: 10m }'));
    expect(await place.codes()).toEqual([]);
  });

  it('live.restore_time: never measured is a note; too slow for its step a warning', async () => {
    expect(await place.said('live.restore_time')).toEqual([
      'the step back has 5 min to restore 9 B of docs, and no restore of it was ever measured on this machine',
    ]);
    await place.inWorkspace((workspace) =>
      restore(workspace, { asset: 'docs', target: place.path('copy'), start: false, stay: false }),
    );
    expect(await place.said('live.restore_time')).toEqual([]);
    await place.write(plan.replace('budget: 5m', 'budget: 1ms'));
    expect(await place.codes()).toEqual(['9 live.restore_time']);
  });

  it('a waiver accepts a finding of the world, and one that accepts nothing is said only when the world was asked', async () => {
    const waived = `${plan}waivers: [{ rule: live.source_changed, at: assets.docs, why: moved yesterday }]\n`;
    await place.write(waived);
    expect(await place.codes()).toEqual(['10 waiver.unused']);
    await rename(place.path('docs'), place.path('papers'));
    await place.write(waived.replace('./docs', './papers'));
    expect(await place.codes()).toEqual([]);
  });
});
