import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenWorkspace } from '../../app/index.ts';
import { joinRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import { makeStore, withWorkspaceOf } from './workspace.ts';

const plan = `
lifeboat: 1
plan: copies
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
  other: { type: fs, path: ./other, domain: there }
policies:
  p: { every: 1h, to: [near], copy: { to: [far], within: 10m } }
assets:
  docs: { type: files, path: ./docs, domain: here, policy: p }
`;

/** A plan whose points are taken in `near` and copied to `far`, with a store beside them of another repository; gone after the work. */
export async function withCopies(
  work: (workspace: OpenWorkspace, folder: string) => Promise<void>,
  wrapStore?: (store: Store) => Store,
): Promise<void> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-copies-'));
  try {
    await writeFile(join(folder, 'lifeboat.yaml'), plan);
    await mkdir(join(folder, 'docs'));
    for (const store of ['near', 'other']) await makeStore(join(folder, store));
    await joinRepository(await openFsStore(join(folder, 'near'), false), await openFsStore(join(folder, 'far'), true));
    await withWorkspaceOf(folder, (workspace) => work(workspace, folder), wrapStore);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
