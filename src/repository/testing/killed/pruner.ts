import { systemClock } from '../../../core/index.ts';
import { openFsStore } from '../../../stores/fs/index.ts';
import { reopen } from '../fixtures.ts';
import { Mortal } from './mortal.ts';

/** A program for tests, `STORE CALLS`: prunes, and kills itself in front of that call to the store; 0: it waits to be killed. */
const [path = '', calls = '0'] = process.argv.slice(2);
const store = new Mortal(await openFsStore(path, false), Number(calls) === 0 ? Infinity : Number(calls));
const repository = await reopen(store);
process.stdout.write('begun\n');
const { deleted } = await repository.prune({ clock: systemClock, host: 'here', dryRun: false });
process.stdout.write(`${JSON.stringify({ deleted: deleted.packs, calls: store.calls })}\n`);
