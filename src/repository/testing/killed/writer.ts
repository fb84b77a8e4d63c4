import { isLifeboatError, systemClock } from '../../../core/index.ts';
import { openFsStore } from '../../../stores/fs/index.ts';
import { reopen } from '../fixtures.ts';
import { makePoint, someBlocks } from './content.ts';

/**
 * A program for tests, `STORE NUMBER`: makes one point after the other, and says of each which blocks it holds, until it is killed or
 * its input ends. A point that somebody else's prune gave up is said, too: that is no failure of the writer.
 */
const [path = '', number = '0'] = process.argv.slice(2);
const state = { stopped: false };
process.stdin.resume().on('end', () => (state.stopped = true));
const store = await openFsStore(path, false);
let repository = await reopen(store);
for (let made = 0; !state.stopped; made += 1) {
  // What one knows of the store is old, what another knows is fresh.
  if (made % 5 === 4) repository = await reopen(store);
  const blocks = someBlocks(Math.random, 1_000_000 * (Number(number) + 1) + made);
  const options = { asset: `asset-${number}`, assetType: 'files', clock: systemClock, host: 'here' };
  try {
    const { id } = await makePoint(repository, blocks, options);
    process.stdout.write(`${JSON.stringify({ id, blocks })}\n`);
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    process.stdout.write(`${JSON.stringify({ refused: error.code })}\n`);
  }
}
