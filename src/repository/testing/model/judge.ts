import { assert } from '../../../core/index.ts';
import type { VerifyOptions, VerifyResult } from '../../repository.ts';
import type { Known, World } from './world.ts';

/** What was so when a verification began. */
export interface Before {
  readonly isHarmed: boolean;
  /** Objects that were changed already. */
  readonly changed: readonly string[];
  readonly visible: readonly Known[];
  readonly harms: number;
  readonly puts: number;
}

export const beforeOf = (world: World): Before => ({
  isHarmed: world.harmed.size > 0,
  changed: [...world.harmed].filter(([, how]) => how === 'changed').map(([name]) => name),
  visible: world.visible(),
  harms: world.harms,
  puts: world.puts,
});

/**
 * Whether a verification told the truth: green about every point that nothing needed of was harmed, never about one that does
 * not come back, and at full depth red about every object that was changed.
 */
export async function judge(
  world: World,
  { damage, sound }: VerifyResult,
  depth: VerifyOptions['depth'],
  before: Before,
): Promise<void> {
  const said = JSON.stringify(damage);
  assert(before.isHarmed || world.harms > before.harms || damage.length === 0, `nothing is harmed: ${said}`);
  const named = new Set(damage.map(({ object }) => object));
  const unnamed =
    depth === 'everything' && world.harms === before.harms
      ? await world.present(before.changed.filter((name) => mustBeNamed(world, name) && !named.has(name)))
      : [];
  assert(unnamed.length === 0, `${unnamed.join()} is named among ${said}`);
  const fresh = await world.look();
  for (const known of before.visible) {
    if (known.forgotten) continue;
    const isSound = sound.includes(known.id);
    assert(isSound || !world.isIntact(known), `${known.id}, which is intact, is called sound: ${said}`);
    if (depth === 'structure' || world.harms !== before.harms) continue;
    const comesBack = await world.restores(fresh, known);
    // A writer may have stored once more what was damaged, after the verification had listed what there is.
    if (comesBack && !isSound && world.puts > before.puts) continue;
    assert(
      isSound === comesBack,
      `${known.id} ${comesBack ? 'comes back' : 'does not come back'}, as was said: ${said}`,
    );
  }
}

/** Harm that was there from the beginning to the end is named, unless the object was mended or is gone by right. */
function mustBeNamed(world: World, name: string): boolean {
  const isForgotten = world.points.get(name.slice('points/'.length))?.forgotten === true;
  return world.harmed.get(name) === 'changed' && !isForgotten;
}
