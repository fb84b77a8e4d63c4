import { expect, it } from 'vitest';
import { whoMay } from './ui/rooms/runs/asked.ts';

const you = { may: false, why: 'this needs the role approver' };

it('a question says who of the plan may answer it, and that nobody could only where that is so', () => {
  expect(whoMay({ by: ['lead'], who: ['ada', 'max'], you })).toBe('lead: ada, max may');
  expect(whoMay({ by: ['lead'], who: [], you })).toBe('lead, and nobody of the plan could');
  // A plan without contacts: whoever has the role answers.
  expect(whoMay({ by: [], who: [], you })).toBe('anybody of the plan');
  expect(whoMay({ by: ['lead'], who: [], you: { may: true, why: null } })).toBe('lead');
});
