import { assert } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import { Actor } from './actor.ts';
import { contentSizes, type Program } from './actions.ts';
import { beforeOf, judge } from './judge.ts';
import { Turns } from './turns.ts';
import { World } from './world.ts';

/** Lets processes do what a program says, in its order of calls; then everything is looked at in peace. Returns the calls. */
export async function playOut(place: Store, { actors, choices, aftermath }: Program): Promise<number> {
  const world = await World.make(place);
  const turns = new Turns(choices);
  await turns.run(
    actors.map((actions, number) => async () => {
      const actor = new Actor(number, world, () => turns.pass(number));
      for (const action of actions) await actor.act(action);
    }),
  );
  await expectNextBackup(world);
  const half = aftermath.length >> 1;
  for (const one of aftermath.slice(0, half)) await world.harm(one);
  // Nobody has looked for damage yet: the backup finds it by itself, and has its point all the same.
  await expectNextBackup(world);
  for (const one of aftermath.slice(half)) await world.harm(one);
  await expectAll(world);
  // What a verification found is stored again.
  await expectNextBackup(world);
  return turns.passed;
}

/** Every point is listed or told to be damaged, nothing else is listed, and a verification says what is so. */
async function expectAll(world: World): Promise<void> {
  assert((await world.lost()).length === 0, `nothing is lost: ${(await world.lost()).join()}`);
  const repository = await world.look();
  const { points, damage } = await repository.points();
  const listed = new Set([...points.map(({ id }) => id), ...damage.flatMap((one) => one.points)]);
  const visible = new Set(world.visible().map(({ id }) => id));
  for (const id of visible) if (world.harmed.get(`points/${id}`) === 'gone') visible.delete(id);
  assert(listed.symmetricDifference(visible).size === 0, `listed are ${[...listed].join()} of ${[...visible].join()}`);
  for (const { object } of damage) assert(world.harmed.get(object) === 'changed', `${object} was harmed`);
  for (const depth of ['structure', 'points', 'everything'] as const) {
    const before = beforeOf(world);
    const result = await repository.verify({ depth });
    await judge(world, result, depth, before);
    for (const { object } of result.damage) world.found.add(object);
  }
}

async function expectNextBackup(world: World): Promise<void> {
  const actor = new Actor(99, world, async () => {});
  const before = world.points.size;
  await actor.act({ do: 'backup', files: contentSizes.map((_, i) => i), dies: undefined, stops: false });
  assert(world.points.size === before + 1, 'a backup in peace gives a point');
  assert((await world.lost()).length === 0, 'it harms nothing');
}
