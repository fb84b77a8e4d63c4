import { describe, expect, it } from 'vitest';
import { drillEvidence, drillPage, evidenceIsSound, recoveryEvidence, type Evidence } from './index.ts';
import { drillRecords, recoveryRecords } from './testing/records.ts';

describe('evidence of a drill', () => {
  it('holds verdict, figures, scope, steps, isolation, destruction and where it comes from', () => {
    const evidence = drillEvidence(drillRecords());
    expect(evidence).toMatchObject({
      format: 'lifeboat-evidence/1',
      mode: 'DRILL',
      verdict: 'pass',
      rto: { seconds: 4.2, targetSeconds: 900 },
      clockStarts: 'declared',
      bubble: { gone: true },
    });
    expect(evidence.assets[0]).toMatchObject({ asset: 'orders', rpoSeconds: 0.4, lost: 0, verdict: 'pass' });
    expect(evidence.notExercised).toContain('noticing the disaster: a drill begins declared');
    expect(evidence.journal.head).toBe('hash-9');
  });

  it('says which person asked for it, and of a drill of the schedule that none did', () => {
    const pageBy = (by?: { as?: string; user: string }) => drillPage(drillEvidence(drillRecords(by && { by })));
    expect(pageBy({ user: 'account ada' })).toContain('account ada');
    expect(pageBy()).toContain('no person: the schedule, or a step that calls it');
    const real = recoveryEvidence(recoveryRecords({ by: { as: 'duty', user: 'account ada' } }));
    expect(real.askedForBy).toBe('duty (account ada)');
  });

  it('is made the same by anybody with the records, and shows when a figure was changed', () => {
    const evidence = drillEvidence(drillRecords());
    expect(drillEvidence(drillRecords())).toEqual(evidence);
    expect(evidenceIsSound(JSON.parse(JSON.stringify(evidence)) as Evidence)).toBe(true);
    expect(evidenceIsSound({ ...evidence, rto: { ...evidence.rto, seconds: 1 } })).toBe(false);
  });

  it('is refused when there was no finished drill', () => {
    expect(() => drillEvidence([])).toThrow('no finished drill');
  });
});

describe('evidence of a real recovery', () => {
  it('counts from the impact and judges each asset by its own figures', () => {
    const evidence = recoveryEvidence(recoveryRecords());
    expect(evidence).toMatchObject({ mode: 'REAL', verdict: 'pass', clockStarts: 'impact' });
    expect(evidence.bubble).toBeUndefined();
    expect(evidence.rto.total).toBe(evidence.rto.seconds);
    expect(evidence.assets.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  });

  it('is red when one asset lost more than the plan allows', () => {
    expect(recoveryEvidence(recoveryRecords({ lost: 3 }))).toMatchObject({ verdict: 'fail' });
  });

  it('is red when the loss of an asset is not known', () => {
    expect(recoveryEvidence(recoveryRecords({ rpoMs: undefined }))).toMatchObject({ verdict: 'fail' });
  });
});

describe('the page', () => {
  it('stands for itself: nothing is loaded, nothing runs', () => {
    const page = drillPage(drillEvidence(drillRecords()));
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|@import|url\(/i);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('PASS');
  });

  it('escapes whatever stands in the records', () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const page = drillPage(drillEvidence(drillRecords({ name: evil })));
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  });

  it('says what is not known instead of leaving it out', () => {
    const page = drillPage(drillEvidence(drillRecords({ rpoMs: undefined })));
    expect(page).toContain('NOT KNOWN');
    expect(page).toContain('FAIL');
  });

  it('shows an upper bound as one', () => {
    expect(drillPage(drillEvidence(drillRecords({ bound: true })))).toContain('≤ 0.4 s');
  });
});
