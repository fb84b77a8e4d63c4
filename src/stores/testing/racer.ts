// One writer of a race: says "ready", waits for a line, then puts every name if absent and prints those that it won.
import { once } from 'node:events';
import type { Store } from '../store.ts';

const [module, place, own, rounds] = process.argv.slice(2) as [string, string, string, string];
const { openForRace } = (await import(module)) as { openForRace(place: string): Promise<Store> };
const store = await openForRace(place);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const won: number[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  try {
    await store.put(`race/${round}`, [Buffer.from(own)], { ifAbsent: true });
    won.push(round);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'store.exists')) throw error;
  }
}
process.stdout.write(`${JSON.stringify(won)}\n`, () => process.exit(0));
