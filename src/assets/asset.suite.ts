import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, silentProgress } from '../core/index.ts';
import type { Asset } from './asset.ts';
import { captureAll } from './testing/memory-point.ts';

/** One real asset of a kind, for the suite: where it comes from, and how it is changed and lost. */
export interface AssetUnderTest {
  readonly asset: Asset;
  /** Writes something new to the source that `newest` must notice. */
  change(): Promise<void>;
  /** The same asset of a source that was never there. */
  readonly missing: Asset;
  /** The codes that reading a missing source may give. */
  readonly missingCodes: readonly string[];
  /** Where restored copies go, if not any folder will do (a server's user must reach it). */
  readonly targets?: string;
  dispose?(): Promise<void>;
}

/**
 * What every kind of asset promises, as sentences. `make` builds a real source with some data in an empty folder of its own, once
 * for each sentence.
 */
export function assetSuite(kind: string, make: (folder: string) => Promise<AssetUnderTest>): void {
  describe(`the ${kind} asset keeps the promises of all assets:`, () => {
    let base: string;
    let scratch: string;
    let targets: string;
    let under: AssetUnderTest;

    beforeEach(async () => {
      base = await mkdtemp(join(tmpdir(), 'lifeboat-asset-'));
      scratch = join(base, 'scratch');
      for (const name of ['source', 'scratch', 'targets']) await mkdir(join(base, name));
      under = await make(join(base, 'source'));
      targets = under.targets ?? join(base, 'targets');
    });

    afterEach(async () => {
      await under.dispose?.();
      await rm(base, { recursive: true, force: true });
    });

    const restored = async <T>(work: (path: string, url: string) => Promise<T>): Promise<T> => {
      const { point } = await captureAll(under.asset, scratch);
      const [staging, target] = [join(targets, '.staging'), join(targets, 'restored')];
      await under.asset.apply(point, staging, { progress: silentProgress });
      await rename(staging, target);
      const copy = await under.asset.start(target, { facts: point.facts, stay: false });
      try {
        return await work(target, copy.url);
      } finally {
        await copy.stop();
      }
    };

    it('is the same source each time it is asked who it is, also after a change', async () => {
      const first = await under.asset.identify();
      await under.change();
      expect((await under.asset.identify()).id).toBe(first.id);
    });

    it('comes back whole from a point, and its checks are green', async () => {
      const checks = await restored((_, url) => under.asset.check({ url }, []));
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    });

    it('is green at its source', async () => {
      const checks = await under.asset.check('source', []);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    });

    it('holds in the point what was there at its start, and dates it no later than that', async () => {
      const before = await under.asset.newest('source');
      const { facts } = await captureAll(under.asset, scratch);
      expect(facts.atMs).toBeLessThanOrEqual((await captureAll(under.asset, scratch)).facts.atMs);
      expect(await restored((_, url) => under.asset.newest({ url }))).toMatchObject(
        before.count === undefined ? {} : { count: before.count },
      );
    });

    it('gives facts that are plain JSON and sources that name themselves', async () => {
      const { facts } = await captureAll(under.asset, scratch);
      expect(JSON.parse(JSON.stringify(facts.facts))).toEqual(facts.facts);
      expect(facts.source.id).toBe((await under.asset.identify()).id);
      expect(facts.kind).toMatch(/^[a-z]+$/);
    });

    it('has equal tokens for its source and an untouched copy, if it has tokens', async () => {
      const source = await under.asset.newest('source');
      const copy = await restored((_, url) => under.asset.newest({ url }));
      if (source.token !== undefined && copy.token !== undefined) expect(copy.token).toBe(source.token);
      if (source.atMs !== undefined) expect(copy.atMs).toBe(source.atMs);
    });

    it('has another token, or another newest time, once something was written', async () => {
      const before = await under.asset.newest('source');
      await under.change();
      expect(await under.asset.newest('source')).not.toEqual(before);
    });

    it('leaves nothing behind when a capture is ended early', async () => {
      const capture = under.asset.capture({ readSoFar: async () => {}, scratch, progress: silentProgress });
      await capture.next();
      await capture.return(undefined as never);
      expect(await readdir(scratch)).toEqual([]);
      // Nothing is held either: the next capture is not kept waiting.
      expect((await captureAll(under.asset, scratch)).facts.source.id).toBe((await under.asset.identify()).id);
    });

    it('leaves nothing behind when a capture came to its end', async () => {
      await captureAll(under.asset, scratch);
      expect(await readdir(scratch)).toEqual([]);
    });

    it('says so when its source is not there', async () => {
      const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
        const error = await work.then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(LifeboatError);
        return (error as LifeboatError).code;
      };
      expect(under.missingCodes).toContain(await codeOf(under.missing.identify()));
      expect(under.missingCodes).toContain(await codeOf(captureAll(under.missing, scratch)));
      expect(under.missingCodes).toContain(await codeOf(under.missing.newest('source')));
      expect(await readdir(scratch)).toEqual([]);
    });

    it('turns a check that cannot be evaluated into red, not into an exception', async () => {
      const checks = await under.missing.check('source', []);
      expect(checks.some(({ ok }) => !ok)).toBe(true);
    });

    it('stops a capture by its signal, as cancelled, and leaves nothing behind', async () => {
      const stop = new AbortController();
      const capture = under.asset.capture({
        readSoFar: async () => {},
        scratch,
        progress: silentProgress,
        signal: stop.signal,
      });
      await capture.next();
      stop.abort();
      const rest = (async () => {
        while (!(await capture.next()).done);
      })();
      await expect(rest).rejects.toMatchObject({ code: 'operation.cancelled' });
      expect(await readdir(scratch)).toEqual([]);
    });

    it('has a free place before a restore and an obstacle after it', async () => {
      expect(await under.asset.obstacles(join(targets, 'restored'))).toEqual([]);
      expect(await restored((path) => under.asset.obstacles(path))).toContain(join(targets, 'restored'));
    });

    it('leaves nothing beside a restored copy once that was stopped', async () => {
      await restored(async (_, url) => {
        await under.asset.check({ url }, []);
        await under.asset.newest({ url });
      });
      expect(await readdir(targets)).toEqual(['restored']);
    });
  });
}
