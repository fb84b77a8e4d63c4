import { describe, expect, it } from 'vitest';
import { parseText } from '../../document.ts';
import { inspectPlan } from '../../load.ts';
import { testKinds } from '../../testing/kinds.ts';
import { today } from '../testing/lint-text.ts';
import { soundPlan } from '../testing/mutations.ts';
import { survivalPicture } from './picture.ts';
import { survivalOf, type Survival } from './survival.ts';

function survivals(text: string): Survival[] {
  const document = parseText('plan.yaml', text);
  const { plan } = inspectPlan(document, testKinds);
  if (plan === undefined) throw new Error('the plan is not right in form');
  return survivalOf(plan, document, today);
}

const of = (text: string, name: string): Survival | undefined => survivals(text).find((one) => one.name === name);

describe('survivability', () => {
  it('says of each scenario what is left, how old at worst, and that the way back closes', () => {
    expect(of(soundPlan, 'west_lost')).toMatchObject({
      kind: 'scenario',
      loses: ['west'],
      path: 'west_lost',
      stepsMs: 75 * 60_000,
      rtoMs: 2 * 3_600_000,
      closes: true,
      gaps: [],
      assets: [
        { asset: 'orders', lost: true, left: [{ store: 'far', worstMs: 601_000 }] },
        { asset: 'catalog', lost: true, left: [{ store: 'far', worstMs: 40 * 60_000 }] },
      ],
    });
  });

  it('finds the scenario that was written for a domain, also for one inside it', () => {
    expect(of(soundPlan, 'west')).toMatchObject({ kind: 'domain', path: 'west_lost', closes: true });
  });

  it('shows that a domain of copies can go without anything being lost', () => {
    expect(of(soundPlan, 'east')).toMatchObject({
      path: undefined,
      closes: true,
      assets: [
        { asset: 'orders', lost: false, left: [{ store: 'near' }] },
        { asset: 'catalog', lost: false, left: [{ store: 'near' }] },
      ],
    });
  });

  it('leaves out domains in which nothing stands', () => {
    expect(survivals(soundPlan).map(({ name }) => name)).toEqual(['west_lost', 'standby', 'west', 'east']);
  });

  it('says why a way back does not close', () => {
    const inside = soundPlan.replace('bucket: shop-copies, domain: east', 'bucket: shop-copies, domain: racks');
    expect(of(inside, 'west_lost')?.gaps).toEqual([
      'no copy of orders is left',
      'no copy of catalog is left',
      'far is lost; fetch_dump reads from it',
    ]);
    expect(of(soundPlan.replace('LB_PASS }, domain: safe', 'LB_PASS }, domain: west'), 'west')?.gaps).toEqual([
      'every key is lost',
    ]);
    expect(of(soundPlan.replace('tool: { domain: safe }', 'tool: { domain: west }'), 'west_lost')?.gaps).toEqual([
      'this program is lost; every recovery is led from there',
    ]);
    expect(
      of(
        soundPlan.replace(
          'copy: { to: [far], within: 10m }, keep: { daily: 30d } }',
          'copy: { to: [far], within: 2h }, keep: { daily: 30d } }',
        ),
        'west_lost',
      )?.gaps,
    ).toEqual(['the newest point of catalog can be older than the RPO']);
  });

  it('says that no scenario brings a domain back', () => {
    expect(of(soundPlan.replace('loses: { domains: [west] }', 'loses: { assets: [orders] }'), 'west')?.gaps).toContain(
      'no scenario brings it back',
    );
  });
});

describe('the picture', () => {
  it('is one SVG with a row for each loss, and words in every cell', () => {
    const picture = survivalPicture('sound & <sure>', survivals(soundPlan));
    expect(picture).toContain('sound &amp; &lt;sure&gt;');
    for (const word of ['west_lost', '✓ closes', '≤ 10 min', 'untouched', 'orders', 'catalog'])
      expect(picture).toContain(word);
    expect(picture.match(/<text/g)?.length).toBeGreaterThan(15);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('has a bound, and says what it leaves out', () => {
    const [first] = survivals(soundPlan);
    const many = Array.from({ length: 200 }, () => first as Survival);
    expect(survivalPicture('many', many)).toContain('140 more rows');
  });
});
