import { randomBytes } from 'node:crypto';
import { openFsStore } from '../../stores/fs/index.ts';
import { backup, file, reopen } from './fixtures.ts';

/** A program for tests: backs up into the store named by its argument again and again, until it is killed. */
const repository = await reopen(await openFsStore(process.argv[2] as string, false));
for (;;) {
  await backup(repository, [file('noise', randomBytes(3_000_000)), file('text', Buffer.from('text'.repeat(5000)))]);
  process.stdout.write('point\n');
}
