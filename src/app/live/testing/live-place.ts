import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, silentProgress, systemClock, type Clock } from '../../../core/index.ts';
import { checkPlan, type Finding } from '../../../plan/index.ts';
import { createRepository } from '../../../repository/index.ts';
import { openFsStore } from '../../../stores/fs/index.ts';
import { openWorkspace, type OpenWorkspace } from '../../open.ts';
import { registry } from '../../registry.ts';
import { checkLive } from '../live.ts';
import type { LiveRequest } from '../world.ts';

/** The variable and the words that open the stores of test plans. */
export const passphrase = { variable: 'LB_LIVE_PASS', words: 'a passphrase for live tests' };

/** A plan in a fresh folder, and the world around it. */
export class LivePlace {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(plan: string): Promise<LivePlace> {
    process.env[passphrase.variable] = passphrase.words;
    const place = new LivePlace(await mkdtemp(join(tmpdir(), 'lifeboat-live-')));
    await place.write(plan);
    return place;
  }

  path = (...parts: string[]): string => join(this.folder, ...parts);

  write = (plan: string): Promise<void> => writeFile(this.path('lifeboat.yaml'), `lifeboat: 1\nplan: tests\n${plan}`);

  /** What `check --live` says beyond the linter. */
  async check(changed: Partial<LiveRequest> = {}): Promise<Finding[]> {
    const { plan, document, findings } = await checkPlan(this.path('lifeboat.yaml'), registry);
    if (plan === undefined) throw new Error(findings.map(({ message }) => message).join('; '));
    return checkLive({
      plan,
      document,
      registry,
      stateFolder: this.path('state'),
      clock: systemClock,
      progress: silentProgress,
      signal: new AbortController().signal,
      timeoutMs: 5_000,
      ...changed,
    });
  }

  /** `9 live.point_never`, one for each finding that is not only a note. */
  async codes(changed: Partial<LiveRequest> = {}): Promise<string[]> {
    const findings = await this.check(changed);
    return findings.flatMap(({ line, code, severity }) => (severity === 'info' ? [] : [`${line} ${code}`]));
  }

  /** The messages of one code. */
  async said(code: string, changed: Partial<LiveRequest> = {}): Promise<string[]> {
    return (await this.check(changed)).filter((finding) => finding.code === code).map(({ message }) => message);
  }

  /** A store with a repository, with the cheapest key that Argon2 allows. */
  async makeStore(name: string): Promise<void> {
    const store = await openFsStore(this.path(name), true);
    const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
    const recipients = { passphrase: new Secret(passphrase.words), age: [] };
    const repository = await createRepository(store, recipients, systemClock, { derivation });
    await repository.close();
  }

  /** A tree of one small file. */
  async makeFolder(name: string): Promise<void> {
    await mkdir(this.path(name), { recursive: true });
    await writeFile(this.path(name, 'a file'), 'something');
  }

  async inWorkspace(work: (workspace: OpenWorkspace) => Promise<unknown>): Promise<void> {
    const workspace = await openWorkspace({
      planFile: this.path('lifeboat.yaml'),
      stateFolder: this.path('state'),
      progress: silentProgress,
    });
    try {
      await work(workspace);
    } finally {
      await workspace.close();
    }
  }

  remove = (): Promise<void> => rm(this.folder, { recursive: true, force: true });
}

/** The clock of a machine that is ahead of this one. */
export const clockAhead = (aheadMs: number): Clock => ({ ...systemClock, now: () => systemClock.now() + aheadMs });

/** The sections that every test plan needs; the first line of what follows is the seventh of the file. */
export const frame = `domains: { here: {}, there: {}, safe: {} }
keys: { main: { passphrase: { env: ${passphrase.variable} }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: there } }
policies: { daily: { every: 1d, to: [near] } }
`;
