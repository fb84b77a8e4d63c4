import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runWords } from '../../src/cli/run-words.ts';
import { Secret, systemClock } from '../../src/core/index.ts';
import { createRepository } from '../../src/repository/index.ts';
import { openFsStore } from '../../src/stores/fs/index.ts';
import { faulty, type Store } from '../../src/stores/index.ts';
import type { SweptBucket } from './bucket.ts';
import { quickFolder } from '../support/quick-folder.ts';

const passphrase = 'a passphrase for tests';
const planOf = (store: string): string => `
lifeboat: 1
plan: faults
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: ${store} }
assets: { docs: { type: files, path: ./docs, domain: here } }
environments: { workshop: { domain: here } }
scenarios:
  lost: { trigger: the folder is gone, loses: { assets: [docs] }, steps: [{ id: bring_back, restore: docs, into: new }] }
drills:
  rehearsal: { scenario: lost, every: monthly, expect: { rto: 10m } }
waivers:
  - { rule: live.source_changed, at: assets.docs, why: every run of a sweep has a copy of the folder that was backed up }
`;

const inFolder = '{ type: fs, path: ./store, domain: safe }';

/** What a command line answered, in this process. */
export interface Answer {
  readonly exitCode: number;
  /** The object of `--json`. */
  readonly json: Record<string, unknown>;
}

/**
 * The folder that every run of a sweep starts from: a store with two points (`first`, `second`), content that neither holds
 * (`third`), and a run that failed because the store was away.
 */
export class Ground {
  readonly root: string;
  readonly points: string[] = [];
  /** The run that failed. */
  run = '';
  readonly #bucket: SweptBucket | undefined;
  #copies = 0;

  private constructor(root: string, bucket: SweptBucket | undefined) {
    this.root = root;
    this.#bucket = bucket;
  }

  /** In a folder, or in a bucket. */
  static async make(bucket?: SweptBucket): Promise<Ground> {
    const ground = new Ground(await quickFolder('lifeboat-faults-'), bucket);
    process.env['LB_TEST_PASS'] = passphrase;
    // Bubbles are made there: what is left of one is seen, and other tests do not see ours.
    process.env['TMPDIR'] = join(ground.root, 'tmp');
    const template = join(ground.root, 'template');
    await mkdir(process.env['TMPDIR']);
    await mkdir(join(template, 'docs', 'deep'), { recursive: true });
    await writeFile(join(template, 'lifeboat.yaml'), planOf(bucket?.planOf('template') ?? inFolder));
    await writeFile(join(template, 'docs', 'steady.bin'), randomBytes(300_000));
    // Hundreds of runs derive the key again and again: here it may be cheap.
    const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
    const store = await (bucket?.open('template', true) ?? openFsStore(join(template, 'store'), true));
    await createRepository(store, { passphrase: new Secret(passphrase), age: [] }, systemClock, { derivation });
    for (const words of ['first', 'second', 'third']) {
      await writeFile(join(template, 'docs', 'deep', 'small.txt'), words);
      await writeFile(join(template, 'docs', 'changing.bin'), randomBytes(200_000));
      if (words !== 'third') ground.points.push(idOf(await runIn(template, ['backup'])));
    }
    const failed = await runIn(template, ['recover', 'lost', '--in', 'workshop'], unreachable);
    ground.run = String(failed.json['run']);
    await bucket?.keepTemplate();
    return ground;
  }

  async copy(): Promise<string> {
    this.#copies += 1;
    const folder = join(this.root, String(this.#copies));
    await cp(join(this.root, 'template'), folder, { recursive: true });
    if (this.#bucket !== undefined) {
      await this.#bucket.copy(String(this.#copies));
      await writeFile(join(folder, 'lifeboat.yaml'), planOf(this.#bucket.planOf(String(this.#copies))));
    }
    return folder;
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Runs a command line in a folder, in this process. */
export async function runIn(
  folder: string,
  words: readonly string[],
  wrapStore?: (store: Store) => Store,
): Promise<Answer> {
  let said = '';
  const exitCode = await runWords([...words, '--json', '--quiet'], {
    stdout: { write: (text: string) => (said += text) },
    stderr: { write: () => true },
    environment: {},
    folder,
    signal: new AbortController().signal,
    ...(wrapStore === undefined ? {} : { wrapStore }),
  });
  return { exitCode, json: JSON.parse(said) as Record<string, unknown> };
}

export const idOf = ({ json }: Answer): string => (json['points'] as { id: string }[])[0]?.id as string;

/** Every object below a folder with the hash of its bytes: two that are equal hold the same. */
export async function bytesBelow(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path.slice(folder.length + 1)] = sha256Of(await readFile(path));
  }
  return found;
}

const unreachable = (store: Store): Store => faulty(store, { fault: 'error', at: 1, times: Infinity });

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
