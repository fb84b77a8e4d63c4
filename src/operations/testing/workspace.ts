import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import { Secret, silentProgress, systemClock } from '../../core/index.ts';
import { createRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
assets:
  docs: { type: files, path: ./docs, domain: here }
  mail: { type: files, path: ./mail, domain: here }
`;

/** A plan with two stores and two trees of files in a fresh folder, opened; gone after the work. */
export async function withWorkspace(
  work: (workspace: OpenWorkspace, folder: string) => Promise<void>,
  wrapStore?: (store: Store) => Store,
): Promise<void> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-operations-'));
  try {
    await writeFile(join(folder, 'lifeboat.yaml'), plan);
    for (const asset of ['docs', 'mail']) await mkdir(join(folder, asset));
    for (const store of ['near', 'far']) await makeStore(join(folder, store));
    await withWorkspaceOf(folder, (workspace) => work(workspace, folder), wrapStore);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same folder opened, as another process would find it. */
export async function withWorkspaceOf(
  folder: string,
  work: (workspace: OpenWorkspace) => Promise<void>,
  wrapStore?: (store: Store) => Store,
): Promise<void> {
  const workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, 'state'),
    progress: silentProgress,
    ...(wrapStore === undefined ? {} : { wrapStore }),
  });
  try {
    await work(workspace);
  } finally {
    await workspace.close();
  }
}

/** With the cheapest key that Argon2 allows. */
export async function makeStore(path: string): Promise<void> {
  const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
  const passphrase = new Secret('a passphrase for tests');
  const store = await openFsStore(path, true);
  const repository = await createRepository(store, { passphrase, age: [] }, systemClock, { derivation });
  await repository.close();
}

/** The files of the packs of a store on disk. */
export async function packFiles(store: string): Promise<string[]> {
  const names = await readdir(join(store, 'packs'), { recursive: true, withFileTypes: true });
  return names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
}

/** Flips a bit in each of them, where a chunk of them stands. */
export async function damageFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const bytes = await readFile(path);
    bytes[40] = (bytes[40] as number) ^ 1;
    await rm(path);
    await writeFile(path, bytes);
  }
}

/** A store of which some methods are others. */
export const changed = (store: Store, own: Partial<Store>): Store =>
  new Proxy(store, {
    get: (target, key) => {
      const value: unknown = Reflect.get(own, key) ?? Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
