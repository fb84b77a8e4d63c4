import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret, systemClock } from '../../src/core/index.ts';
import { createRepository, type Repository } from '../../src/repository/index.ts';
import { openFsStore } from '../../src/stores/fs/index.ts';
import { bytesIn } from '../folder.ts';
import { attempt, measured, type Bench } from '../record.ts';
import { isOurs } from '../tool.ts';
import { program } from '../tools/lifeboat.ts';

const points = 1000;
const filesPerPoint = 40;
const fileBytes = 20_000;
const secret = 'a passphrase for the bench';

const plan = `
lifeboat: 1
plan: prune
domains: { here: {}, safe: {} }
keys: { main: { passphrase: { file: ./passphrase }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: here } }
assets: { data: { type: files, path: ./data, domain: here } }
`;

/** A thousand points of trees that have most in common, every second one given up: what it costs to bring their space back. */
export async function pruneSuite(bench: Bench): Promise<void> {
  const { tools } = bench.options;
  if (tools.length > 0 && !tools.some(isOurs)) return;
  const folder = join(bench.folder, 'prune');
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  bench.say(`Prune: ${points} points, every second one given up`);
  await writeFile(join(folder, 'passphrase'), secret, { mode: 0o600 });
  const store = join(folder, 'store');
  await makePoints(store, bench.signal);
  const before = await bytesIn(store);
  await attempt(bench, 'lifeboat', 'prune', async () => ({
    ...(await measured(bench, 'lifeboat', 'prune', async (stopwatch) => {
      // Points went behind the back of this machine's journal.
      await stopwatch.run([
        program,
        'store',
        'prune',
        '--yes',
        '--plan',
        join(folder, 'lifeboat.yaml'),
        '--state',
        join(folder, 'state'),
      ]);
    })),
    plainBytes: before,
  }));
}

async function makePoints(path: string, signal: AbortSignal): Promise<void> {
  const store = await openFsStore(path, true);
  const passphrase = new Secret(secret);
  const repository = await createRepository(store, { passphrase, age: [] }, systemClock);
  const files = Array.from({ length: filesPerPoint }, () => randomBytes(fileBytes));
  const made: string[] = [];
  for (let point = 0; point < points; point += 1) {
    signal.throwIfAborted();
    files[point % filesPerPoint] = randomBytes(fileBytes);
    made.push(await makePoint(repository, files));
  }
  for (const [i, id] of made.entries()) if (i % 2 === 0) await repository.forget(id);
  await repository.close();
}

async function makePoint(repository: Repository, files: readonly Buffer[]): Promise<string> {
  const writer = await repository.write({ asset: 'data', assetType: 'files', clock: systemClock, host: 'bench' });
  for (const [i, bytes] of files.entries()) {
    const read = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    const path = `f${String(i).padStart(4, '0')}`;
    await writer.add({ path, type: 'file', mode: 0o600, modifiedNs: 0n, content: { kind: 'stream', read } });
  }
  const atMs = systemClock.now();
  const source = { id: 'bench', description: 'files of the bench' };
  const { id } = await writer.commit(
    { atMs, kind: 'tree', source, facts: {}, warnings: [] },
    { planHash: '', tool: 'bench' },
  );
  return id;
}
