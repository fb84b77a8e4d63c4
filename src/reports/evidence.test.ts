import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import { runDrill } from '../drills/index.ts';
import { drillOf, makeShelf } from '../drills/testing/shelf.ts';
import { drillEvidence, drillPage, evidenceIsSound } from './index.ts';

it('a drill that took place makes sound evidence out of its records alone', async () => {
  const shelf = makeShelf();
  shelf.put(systemClock.now() - 5000);
  await shelf.takePoint(systemClock.now() - 3000);
  const { run } = await runDrill({ drill: drillOf(), tools: shelf.tools });
  const records = shelf.bench.journal.records({ run });
  const evidence = drillEvidence(records);
  expect(evidence).toMatchObject({
    verdict: 'pass',
    mode: 'DRILL',
    bubble: { gone: true },
    plan: { hash: 'plan-hash' },
  });
  expect(evidence.journal.head).toBe(shelf.bench.journal.verify().head);
  expect(evidenceIsSound(evidence)).toBe(true);
  const { detect, decide, execute, verify, waitingForPeople, waitingForWindow, total } = evidence.rto;
  expect(detect + decide + execute + verify + waitingForPeople + waitingForWindow).toBeCloseTo(total, 6);
  shelf.bench.close();
});

it('a drill whose source was gone shows its loss as an upper bound', async () => {
  const shelf = makeShelf();
  shelf.put(systemClock.now() - 5000);
  await shelf.takePoint(systemClock.now() - 3000);
  rmSync(shelf.source);
  const { run } = await runDrill({ drill: drillOf(), tools: shelf.tools });
  const page = drillPage(drillEvidence(shelf.bench.journal.records({ run })));
  expect(page).toContain('≤ ');
  expect(page).toContain('NOT KNOWN');
  shelf.bench.close();
});
