import { assert, systemClock } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import { Actor } from './actor.ts';
import { contentSizes, type Program } from './actions.ts';
import { beforeOf, judge } from './judge.ts';
import { Turns } from './turns.ts';
import { World } from './world.ts';

/** Lets processes do what a program says, in its order of calls; then everything is looked at in peace. Returns the calls. */
export async function playOut(place: Store, { prelude, actors, choices, aftermath }: Program): Promise<number> {
  const world = await World.make(place);
  const first = new Actor(97, world, async () => {});
  for (const files of prelude) await first.act({ do: 'backup', files, dies: undefined, stops: false });
  const turns = new Turns(choices);
  await turns.run(
    actors.map((actions, number) => async () => {
      const actor = new Actor(number, world, () => turns.pass(number));
      for (const action of actions) await actor.act(action);
    }),
  );
  await world.replica.expectSame(world);
  await expectNextBackup(world);
  const half = aftermath.length >> 1;
  for (const one of aftermath.slice(0, half)) await world.harm(one);
  // Nobody has looked for damage yet: the backup finds it by itself, and has its point all the same.
  await expectNextBackup(world);
  for (const one of aftermath.slice(half)) await world.harm(one);
  await expectAll(world);
  await expectSpace(world);
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
  // A name that was claimed to keep a dead writer out looks like a damaged point once it is harmed: the safe side.
  for (const id of listed) if (!visible.has(id) && world.harmed.get(`points/${id}`) === 'changed') listed.delete(id);
  assert(listed.symmetricDifference(visible).size === 0, `listed are ${[...listed].join()} of ${[...visible].join()}`);
  for (const { object } of damage) assert(world.harmed.get(object) === 'changed', `${object} was harmed`);
  for (const depth of ['structure', 'points', 'everything'] as const) {
    const before = beforeOf(world);
    const result = await repository.verify({ depth });
    await judge(world, result, depth, before);
    for (const { object } of result.damage) world.found.add(object);
  }
}

/** When nothing was harmed, a prune that gives up whoever died leaves what points need, and no more. */
async function expectSpace(world: World): Promise<void> {
  if (world.harms > 0) return;
  const actor = new Actor(98, world, async () => {});
  for (let writers = await world.evictee(0); writers.length > 0; writers = await world.evictee(0))
    await actor.act({ do: 'prune', dies: undefined, evicts: 0, rewriteBytesMax: 10_000_000 });
  await actor.act({ do: 'prune', dies: undefined, evicts: undefined, rewriteBytesMax: 10_000_000 });
  await expectAll(world);
  const result = await (await world.look()).prune({ clock: systemClock, host: 'host', dryRun: true });
  const { unneeded, condemned, busy, partlyUnused } = result;
  const left = unneeded.packs + condemned.packs + busy.packs + partlyUnused.packs;
  assert(left === 0, `nothing is left that nobody needs: ${JSON.stringify(result)}`);
}

async function expectNextBackup(world: World): Promise<void> {
  const actor = new Actor(99, world, async () => {});
  const before = world.points.size;
  await actor.act({ do: 'backup', files: contentSizes.map((_, i) => i), dies: undefined, stops: false });
  assert(world.points.size === before + 1, 'a backup in peace gives a point');
  assert((await world.lost()).length === 0, 'it harms nothing');
}
